// Models through files: to the bit, and against files that lie with valid checksums.
#include "io/model_file.h"

#include <doctest/doctest.h>

#include <cstring>
#include <functional>
#include <random>

#include "io/json.h"
#include "io/safetensors.h"
#include "io/temporary_folder.h"
#include "support/small_model.h"
#include "support/tensors.h"

using namespace striate;
using namespace striate::test;

namespace {

std::string refusal(const std::string& path) {
  try {
    Model::load(path);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

// Rewrites a file's entry points; all checksums are right again.
void edit(const std::string& from, const std::string& to, const std::function<void(Json&)>& change) {
  Safetensors file = read_safetensors(from);
  Json entry_points = Json::parse(file.metadata["entry_points"]);
  change(entry_points);
  file.metadata["entry_points"] = entry_points.dump();
  write_safetensors(to, file);
}

Json& function_named(Json& entry_points, const std::string& name) {
  for (Json& function : entry_points["functions"])
    if (function["name"] == name) return function;
  FAIL("no function " << name);
  return entry_points;
}

Json& first_op(Json& function) {
  for (Json& node : function["nodes"])
    if (node.contains("op")) return node;
  FAIL("no op");
  return function;
}

void collect(Json& json, std::vector<Json*>& all) {
  all.push_back(&json);
  if (json.is_structured())
    for (Json& child : json) collect(child, all);
}

}  // namespace

TEST_CASE("model file: functions and variables come back, to the bit") {
  TemporaryFolder folder;
  const Data data = small_data(11);
  Model model = small_model();
  model.set_metadata("note", "kept");
  model.fit(data.x, data.labels, {.epochs = 1, .batch_size = 4});
  model.save(folder.file("a"));
  const Model loaded = Model::load(folder.file("a"));
  CHECK(loaded.function_names() == model.function_names());
  CHECK(loaded.metadata() == model.metadata());
  CHECK(loaded.variables().size() == model.variables().size());
  for (const Variable& variable : model.variables())
    CHECK_MESSAGE(same_bits(loaded.variable(variable.name()).read(), variable.read()), variable.name());
  CHECK(same_bits(loaded.predict(data.x), model.predict(data.x)));
  CHECK(loaded.evaluate(data.x, data.labels) == model.evaluate(data.x, data.labels));
  model.save(folder.file("a"));  // evaluate() counted in the metrics' variables
  loaded.save(folder.file("b"));
  Model::load(folder.file("b")).save(folder.file("c"));
  CHECK(read_bytes(folder.file("b")) == read_bytes(folder.file("c")));
}

TEST_CASE("model file: attributes that JSON has no number for") {
  TemporaryFolder folder;
  const Value x = input("x", DType::float32, {kUnknown, 2});
  const double infinity = std::numeric_limits<double>::infinity();
  const Value y = ops::pad(x, {0, 1}, {0, 0}, "constant", -infinity);
  Model::from_functions({Function("predict", {x}, {y})}).save(folder.file("a"));
  const Tensor padded = Model::load(folder.file("a")).predict(Tensor::full(DType::float32, {1, 2}, 3));
  CHECK(padded.as<float>()[0] == -infinity);
  CHECK(padded.as<float>()[2] == 3);
}

TEST_CASE("model file: two variables of one name keep their values") {
  TemporaryFolder folder;
  const Value x = input("x", DType::float32, {kUnknown});
  Variable a("w", Tensor::scalar(2)), b("w", Tensor::scalar(30));
  const Value y = ops::add(ops::multiply(x, a.value()), b.value());
  Model::from_functions({Function("predict", {x}, {y})}).save(folder.file("a"));
  const Model loaded = Model::load(folder.file("a"));
  CHECK(loaded.predict(Tensor::full(DType::float32, {1}, 5)).item() == 40);
  CHECK(loaded.variables().size() == 2);
}

TEST_CASE("model file: lies with valid checksums are refused by reason") {
  TemporaryFolder folder;
  const std::string good = folder.file("good"), bad = folder.file("bad");
  small_model().save(good);
  const std::vector<std::pair<const char*, std::function<void(Json&)>>> cases = {
      {"'hologram' version 1, 'warp' version 7",
       [](Json& j) {
         first_op(function_named(j, "predict"))["op"] = "hologram";
         Json& op = first_op(function_named(j, "train_step"));
         op["op"] = "warp";
         op["version"] = 7;
       }},
      {"version 9 (this library: 1)", [](Json& j) { first_op(function_named(j, "predict"))["version"] = 9; }},
      {"lacks 'version'", [](Json& j) { first_op(function_named(j, "predict")).erase("version"); }},
      {"attributes", [](Json& j) { first_op(function_named(j, "predict"))["attributes"]["colour"] = "red"; }},
      {"lacks", [](Json& j) { first_op(function_named(j, "predict"))["attributes"] = Json::object(); }},
      {"refers to 1000", [](Json& j) { first_op(function_named(j, "predict"))["inputs"][0][0] = 1000; }},
      {"refers to -1", [](Json& j) { first_op(function_named(j, "predict"))["inputs"][0][0] = -1; }},
      {"refers to 5", [](Json& j) { first_op(function_named(j, "predict"))["inputs"][0][1] = 5; }},
      {"refers to 0",
       [](Json& j) { function_named(j, "predict")["nodes"][0] = first_op(function_named(j, "predict")); }},
      {"not a pair",
       [](Json& j) {
         function_named(j, "predict")["outputs"][0] = {1, 2, 3};
       }},
      {"needs the variable 'ghost'",
       [](Json& j) {
         function_named(j, "predict")["nodes"][0] = {{"variable", "ghost"}};
       }},
      {"needs the constant 'ghost'",
       [](Json& j) {
         function_named(j, "predict")["nodes"][0] = {{"constant", "ghost"}};
       }},
      {"negative size", [](Json& j) { function_named(j, "predict")["inputs"][0]["shape"][1] = -2; }},
      {"float31", [](Json& j) { function_named(j, "predict")["inputs"][0]["dtype"] = "float31"; }},
      {"the new value of",
       [](Json& j) {
         Json& updates = function_named(j, "train_step")["updates"];
         std::swap(updates[0][0], updates[3][0]);
       }},
      {"two functions are called", [](Json& j) { j["functions"][0]["name"] = "evaluate"; }},
      {"not the one its functions were made from", [](Json& j) { j["configuration"] = "0123456789abcdef"; }},
      {"lacks 'functions'", [](Json& j) { j.erase("functions"); }},
  };
  for (const auto& [expected, change] : cases) {
    edit(good, bad, change);
    const std::string text = refusal(bad);
    CHECK_MESSAGE(text.find(expected) != std::string::npos, expected, ": ", text);
    CHECK_MESSAGE((text.find("bad'") != std::string::npos || text.find("two functions") != std::string::npos), text);
  }
}

TEST_CASE("model file: versions and kinds of files") {
  TemporaryFolder folder;
  small_model().save(folder.file("a"));
  Safetensors file = read_safetensors(folder.file("a"));
  file.metadata["format_version"] = "2";
  write_safetensors(folder.file("b"), file);
  CHECK(refusal(folder.file("b")).find("has format version 2") != std::string::npos);
  file.metadata.erase("format");
  write_safetensors(folder.file("b"), file);
  CHECK(refusal(folder.file("b")).find("is no model") != std::string::npos);
}

// Each round changes up to three places of the graphs; the result loads and runs, or is an Error.
TEST_CASE("model file: mutated graphs never crash") {
  TemporaryFolder folder;
  const std::string good = folder.file("good"), bad = folder.file("bad");
  small_model().save(good);
  const Data data = small_data(3);
  int refused = 0;
  constexpr int kRounds = 400;
  for (unsigned seed = 0; seed < kRounds; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    edit(good, bad, [&](Json& entry_points) {
      for (unsigned n = 0; n <= seed % 3; ++n) {
        std::vector<Json*> all;
        collect(entry_points["functions"], all);
        Json& place = *all[random() % all.size()];
        Json& other = *all[random() % all.size()];
        switch (random() % 7) {
          case 0:
            place = Json();
            break;
          case 1:
            place = static_cast<int64_t>(random() % 7) - 3;
            break;
          case 2:
            place = int64_t{1} << (random() % 63);
            break;
          case 3:
            place = Json(other);
            break;
          case 4:
            place = "relu";
            break;
          case 5:
            place = Json::array();
            break;
          default:
            if (place.is_structured() && !place.empty())
              place.erase(std::next(place.begin(), random() % place.size()));
            else if (place.is_number_integer())
              place = place.get<int64_t>() + 1;
        }
      }
    });
    try {
      Model model = Model::load(bad);
      for (const std::string& name : model.function_names()) {
        const auto inputs = model.function(name).inputs();
        if (name == "predict" && inputs.size() == 1) model.predict(data.x);
        if (name == "evaluate" && inputs.size() == 2) model.evaluate(data.x, data.labels);
        if (name == "train_step" && inputs.size() == 2) model.train_step(data.x, data.labels);
      }
    } catch (const Error& error) {
      ++refused;
      CHECK(std::string(error.what()).size() > 10);
    }
  }
  CHECK(refused > kRounds / 2);
}
