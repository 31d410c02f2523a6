#include "agora.hpp"

static std::string greeting;

// Runs once, before the first call.
void load() {
  greeting = "Hello";
}

// Answers one call. The input is what the caller sent: a JSON value, text (a string) or binary (json::binary).
nlohmann::json apply(const nlohmann::json& input) {
  return greeting + ", " + input.get<std::string>() + "!";
}
