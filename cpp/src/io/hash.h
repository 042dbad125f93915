// XXH64 (Yann Collet's published algorithm): the checksum of tensors, headers and configurations in model files.
// Chosen over a CRC table for speed (8 bytes a multiply; a table takes a byte a look-up), and because any language has
// it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace striate {

uint64_t xxh64(const void* data, size_t bytes, uint64_t seed = 0);
std::string hash_text(uint64_t hash);  // 16 hexadecimal digits

}  // namespace striate
