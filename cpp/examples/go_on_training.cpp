// Loads a model that Python saved, says how good it is, goes on training it to the bits Python would have reached,
// saves.
//
//   go_on_training net.striate digits.csv --epochs 2 --save net.striate
//   go_on_training net.striate images.idx labels.idx --batch-size 64 --threads 2
//
// Without --epochs it only evaluates and predicts.
#include <charconv>
#include <cstdio>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include "samples.h"

namespace {

struct Options {
  std::string model, save;
  std::vector<std::string> data;
  int64_t epochs = 0, batch_size = 0, threads = 0;
  bool shuffle = true;
};

int64_t whole_number(const std::string& name, const std::string& text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    throw std::runtime_error(name + " wants a whole number, not '" + text + "'");
  return value;
}

Options parse(int argc, char** argv) {
  Options options;
  std::vector<std::string> positional;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (!argument.starts_with("--")) {
      positional.push_back(argument);
      continue;
    }
    if (argument == "--no-shuffle") {
      options.shuffle = false;
      continue;
    }
    if (i + 1 == argc) throw std::runtime_error(argument + " wants a value");
    const std::string value = argv[++i];
    if (argument == "--save")
      options.save = value;
    else if (argument == "--epochs")
      options.epochs = whole_number(argument, value);
    else if (argument == "--batch-size")
      options.batch_size = whole_number(argument, value);
    else if (argument == "--threads")
      options.threads = whole_number(argument, value);
    else
      throw std::runtime_error("unknown option " + argument);
  }
  if (positional.size() < 2 || positional.size() > 3)
    throw std::runtime_error(
        "usage: go_on_training MODEL X [LABELS] [--epochs N] [--batch-size N] [--threads N] "
        "[--no-shuffle] [--save MODEL]");
  options.model = positional[0];
  options.data.assign(positional.begin() + 1, positional.end());
  return options;
}

void print(const char* what, const striate::Metrics& metrics) {
  std::printf("%s:", what);
  for (const auto& [name, value] : metrics) std::printf(" %s %.4f", name.c_str(), value);
  std::printf("\n");
}

void print_memory(const striate::Model& model, const char* function, int64_t batch_size) {
  const striate::MemoryReport memory = model.memory(function, batch_size);
  std::printf("%s, batch %lld: %.2f MB (variables %.2f, arena %.2f, prepared %.2f, scratch %.2f)\n", function,
              static_cast<long long>(batch_size), memory.total() / 1e6, memory.variables / 1e6, memory.arena / 1e6,
              memory.prepared / 1e6, memory.scratch / 1e6);
}

void run(const Options& options) {
  if (options.threads > 0) striate::set_num_threads(static_cast<int>(options.threads));
  std::printf("striate %s, %s, %d threads\n", striate::version().c_str(), striate::cpu_isa_name().c_str(),
              striate::num_threads());
  striate::Model model = striate::Model::load(options.model);
  const Samples samples = read_samples(options.data[0], options.data.size() > 1 ? options.data[1] : "", model);
  std::printf("x %s, labels %s\n", samples.x.shape().text().c_str(), samples.labels.shape().text().c_str());

  print_memory(model, "predict", 1);
  const striate::Tensor first = model.predict(samples.x.slice(0, 1));
  std::printf("prediction for the first sample:");
  for (int64_t i = 0; i < first.elements() && i < 10; ++i) std::printf(" %.4f", first.as<float>()[i]);
  std::printf("\n");
  print("before", model.evaluate(samples.x, samples.labels));

  if (options.epochs > 0) {
    striate::FitOptions fit;
    fit.epochs = options.epochs;
    fit.batch_size = options.batch_size;
    fit.shuffle = options.shuffle;
    fit.on_epoch_end = [](const striate::EpochLog& log) {
      const std::string title = "epoch " + std::to_string(log.epoch + 1) + ", " + std::to_string(log.steps) + " steps";
      print(title.c_str(), log.metrics);
      return true;
    };
    model.fit(samples.x, samples.labels, fit);
    print("after", model.evaluate(samples.x, samples.labels));
  }
  std::printf("peak memory of the engine: %.2f MB\n", striate::peak_allocated_bytes() / 1e6);
  if (!options.save.empty()) {
    model.save(options.save);
    std::printf("saved to %s\n", options.save.c_str());
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run(parse(argc, argv));
    return 0;
  } catch (const std::exception& error) {  // striate::Error is one
    std::fprintf(stderr, "go_on_training: %s\n", error.what());
    return 1;
  }
}
