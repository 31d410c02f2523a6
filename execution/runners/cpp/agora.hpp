// What an algorithm in C++ uses. Values are those of nlohmann::json: https://json.nlohmann.me
#pragma once

#include <nlohmann/json.hpp>

#include <stdexcept>
#include <string>
#include <utility>

namespace agora {

using json = nlohmann::json;

/// An error for the caller, with a type of the author's choice. Any other std::exception will do as well.
class Error : public std::runtime_error {
 public:
  Error(std::string type, const std::string& message) : std::runtime_error(message), type_(std::move(type)) {}
  const std::string& type() const noexcept { return type_; }

 private:
  std::string type_;
};

/// Sends a part of a streaming result at once; what apply returns in the end is told too.
void send_chunk(const json& chunk);

}  // namespace agora

/// The author's. Answers one call; binary is json::binary, in and out.
nlohmann::json apply(const nlohmann::json& input);

/// The author's, if there is one. Runs once, before the first call.
void load() __attribute__((weak));
