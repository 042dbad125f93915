#include "train/entry_metrics.h"

#include "io/json.h"

namespace striate {

RunningMetrics::RunningMetrics(const Model& model, const std::string& function) {
  const auto found = model.metadata().find("entry_metrics");
  if (found == model.metadata().end()) return;
  const std::string where = "metadata 'entry_metrics'";
  const Json json = parse_json(found->second, where);
  if (!json_object(json, where).contains(function)) return;
  for (const Json& metric : json_array(json[function], where)) {
    const auto text = [&](const char* key) { return json_string(json_member(metric, key, where), where); };
    const Traced traced{text("name"), model.variable(text("sum")), model.variable(text("count"))};
    for (const Variable& variable : {traced.sum, traced.count})
      STRIATE_CHECK(variable.shape().elements() == 1, value, "load", where, ": '", variable.name(), "' is no scalar.");
    traced_.push_back(traced);
  }
}

void RunningMetrics::reset() {
  for (Traced& metric : traced_)
    for (Variable* variable : {&metric.sum, &metric.count})
      variable->assign(Tensor::zeros(variable->dtype(), variable->shape()));
  for (auto& [name, sum] : sums_) sum = 0;
  samples_ = 0;
}

void RunningMetrics::add(const std::vector<Tensor>& outputs, int64_t batch_size) {
  samples_ += batch_size;
  if (!traced_.empty()) return;
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (i == sums_.size()) sums_.emplace_back(i == 0 ? "loss" : text_of("metric_", i), 0);
    if (outputs[i].elements() == 1) sums_[i].second += outputs[i].item() * static_cast<double>(batch_size);
  }
}

Metrics RunningMetrics::result() const {
  Metrics result;
  for (const Traced& metric : traced_) {
    const double count = metric.count.read().item();
    result.emplace_back(metric.name, count > 0 ? metric.sum.read().item() / count : 0);
  }
  for (const auto& [name, sum] : sums_)
    result.emplace_back(name, samples_ > 0 ? sum / static_cast<double>(samples_) : 0);
  return result;
}

std::string entry_metrics_json(const std::vector<std::string>& names) {
  Json metrics = Json::array();
  for (const std::string& name : names)
    metrics.push_back({{"name", name}, {"sum", "metrics/" + name + "/sum"}, {"count", "metrics/" + name + "/count"}});
  return dump_json({{"train_step", metrics}, {"evaluate", metrics}}, "metadata 'entry_metrics'");
}

}  // namespace striate
