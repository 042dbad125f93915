// Attributes of every op survive a visitor that reads them and another that writes them, as files need.
#include <doctest/doctest.h>

#include <map>
#include <set>
#include <variant>

#include "core/check.h"
#include "ops/families.h"
#include "ops/registry.h"

using namespace striate;

namespace {

using Attribute = std::variant<bool, int64_t, uint64_t, double, std::string, std::vector<int64_t>>;

struct Reader : AttributeVisitor {
  std::map<std::string, Attribute> found;
  void operator()(const char* name, bool& value) override { add(name, value); }
  void operator()(const char* name, int64_t& value) override { add(name, value); }
  void operator()(const char* name, uint64_t& value) override { add(name, value); }
  void operator()(const char* name, double& value) override { add(name, value); }
  void operator()(const char* name, std::string& value) override { add(name, value); }
  void operator()(const char* name, std::vector<int64_t>& value) override { add(name, value); }
  void add(const char* name, Attribute value) { CHECK(found.emplace(name, std::move(value)).second); }
};

struct Writer : AttributeVisitor {
  const std::map<std::string, Attribute>& values;
  explicit Writer(const std::map<std::string, Attribute>& source) : values(source) {}
  void operator()(const char* name, bool& value) override { take(name, value); }
  void operator()(const char* name, int64_t& value) override { take(name, value); }
  void operator()(const char* name, uint64_t& value) override { take(name, value); }
  void operator()(const char* name, double& value) override { take(name, value); }
  void operator()(const char* name, std::string& value) override { take(name, value); }
  void operator()(const char* name, std::vector<int64_t>& value) override { take(name, value); }
  template <class T>
  void take(const char* name, T& value) {
    value = std::get<T>(values.at(name));
  }
};

template <class OpType>
void check_round_trip() {
  for (const Sample& sample : OpType::samples()) {
    Reader original;
    sample.op->attributes(original);
    const std::shared_ptr<Op> made = make_op(OpType::kName);
    CHECK(dynamic_cast<OpType*>(made.get()) != nullptr);
    Writer writer(original.found);
    made->attributes(writer);
    Reader again;
    made->attributes(again);
    CHECK(again.found == original.found);
    CHECK(attributes_text(*made) == attributes_text(*sample.op));
  }
}

}  // namespace

TEST_CASE("attributes of every op survive reading and writing by name"){
#define STRIATE_OP(Type) \
  SUBCASE(std::string(Type::kName).c_str()) { check_round_trip<Type>(); }
#include "ops/ops.inc"
#undef STRIATE_OP
}

TEST_CASE("the registry knows each listed op once, and names an unknown one") {
  const std::vector<std::string_view> names = op_names();
  CHECK(std::set<std::string_view>(names.begin(), names.end()).size() == names.size());
  for (std::string_view name : names) CHECK(make_op(name)->name() == name);
  CHECK_THROWS_WITH_AS(make_op("warp"), doctest::Contains("there is no op \"warp\""), Error);
}
