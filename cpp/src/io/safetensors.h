// One safetensors file: an 8-byte length, a JSON header, the elements of all tensors without gaps.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "striate/tensor.h"

namespace striate {

struct Safetensors {
  std::map<std::string, std::string> metadata;
  std::vector<std::pair<std::string, Tensor>> tensors;
};

// Adds two things to the metadata that other readers ignore: "checksums" (tensor name -> XXH64, as JSON) and, as the
// header's first bytes, "header_checksum" (XXH64 of the length and the header with zeros in its place).
// Tensors are laid out by element size, largest first, then in the order given, so every one is aligned to its
// elements though the format allows no gaps; the first starts at a multiple of 64 bytes.
void write_safetensors(const std::string& path, const Safetensors& contents);

// Nothing in the file is trusted: every length is checked before it is used and no more is allocated than the file
// holds. Error(value) names the file, the tensor and the reason. Files of other writers, without checksums, are read
// too, unless `require_checksums`. The two checksum entries are not in the returned metadata.
Safetensors read_safetensors(const std::string& path, bool require_checksums = false);

}  // namespace striate
