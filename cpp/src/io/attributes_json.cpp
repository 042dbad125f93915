#include "io/attributes_json.h"

#include <cmath>
#include <limits>

namespace striate {
namespace {

class Writer : public AttributeVisitor {
 public:
  void operator()(const char* name, bool& value) override { json_[name] = value; }
  void operator()(const char* name, int64_t& value) override { json_[name] = value; }
  void operator()(const char* name, uint64_t& value) override { json_[name] = value; }
  void operator()(const char* name, std::string& value) override { json_[name] = value; }
  void operator()(const char* name, std::vector<int64_t>& value) override { json_[name] = value; }
  // JSON has no infinities (the bound of a clip) and no NaN. Finite numbers survive exactly: 17 digits where needed.
  void operator()(const char* name, double& value) override {
    if (std::isfinite(value))
      json_[name] = value;
    else
      json_[name] = std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
  }

  Json take() { return std::move(json_); }

 private:
  Json json_ = Json::object();
};

class AttributeReader : public AttributeVisitor {
 public:
  AttributeReader(const Json& json, const std::string& where) : json_(json_object(json, where)), where_(where) {}

  void operator()(const char* name, bool& value) override {
    const Json& json = member(name);
    STRIATE_CHECK(json.is_boolean(), value, "load", at(name), " is not true or false.");
    value = json.get<bool>();
  }
  void operator()(const char* name, int64_t& value) override { value = json_int(member(name), at(name)); }
  void operator()(const char* name, uint64_t& value) override {
    const Json& json = member(name);
    STRIATE_CHECK(json.is_number_unsigned(), value, "load", at(name), " is not an unsigned 64-bit integer.");
    value = json.get<uint64_t>();
  }
  void operator()(const char* name, double& value) override {
    const Json& json = member(name);
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    if (json == "inf")
      value = kInfinity;
    else if (json == "-inf")
      value = -kInfinity;
    else if (json == "nan")
      value = std::numeric_limits<double>::quiet_NaN();
    else {
      STRIATE_CHECK(json.is_number(), value, "load", at(name), " is not a number.");
      value = json.get<double>();
    }
  }
  void operator()(const char* name, std::string& value) override { value = json_string(member(name), at(name)); }
  void operator()(const char* name, std::vector<int64_t>& value) override {
    value.clear();
    for (const Json& element : json_array(member(name), at(name))) value.push_back(json_int(element, at(name)));
  }

  // An attribute this version does not know might change the meaning.
  void finish() const {
    STRIATE_CHECK(seen_ == json_.size(), value, "load", where_, " has ", json_.size(), " attributes, the op has ",
                  seen_, ".");
  }

 private:
  const Json& member(const char* name) {
    ++seen_;
    return json_member(json_, name, where_);
  }
  std::string at(const char* name) const { return where_ + " attribute '" + name + "'"; }

  const Json& json_;
  std::string where_;
  size_t seen_ = 0;
};

}  // namespace

Json attributes_to_json(const Op& op) {
  Writer writer;
  const_cast<Op&>(op).attributes(writer);  // one function reads and writes; Writer only reads
  return writer.take();
}

void attributes_from_json(Op& op, const Json& json, const std::string& where) {
  AttributeReader reader(json, where);
  op.attributes(reader);
  reader.finish();
}

}  // namespace striate
