#define FMT_HEADER_ONLY
#include "vendor/fmt/format.h"

#include "agora.hpp"

nlohmann::json apply(const nlohmann::json& input) {
  return fmt::format("{:08.2f}", input.get<double>());
}
