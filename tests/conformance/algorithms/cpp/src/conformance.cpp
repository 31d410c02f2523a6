#include "agora.hpp"

#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <vector>

using nlohmann::json;

static int count = 0;

void load() {
  if (access("fail_load.txt", F_OK) == 0) throw std::runtime_error("no model");
}

static json print_much(int mebibytes) {
  if (std::system("echo from a child") != 0) throw std::runtime_error("no echo");
  std::string line(1023, 'x');
  for (int number = 0; number < mebibytes * 1024; number++) std::cout << line << "\n";
  return "printed";
}

static json stream(int count) {
  for (int number = 1; number <= count; number++) agora::send_chunk(number);
  return json::array();
}

static json hog() {
  std::vector<std::vector<char>> held;
  for (;;) held.emplace_back(1 << 20, 'x');
}

static json spawn() {
  for (int number = 0; number < 2000; number++) {
    if (fork() == 0) execlp("sleep", "sleep", "60", nullptr);
  }
  return nullptr;
}

json apply(const json& input) {
  if (!input.is_object() || !input.contains("do")) return input;
  const std::string action = input["do"];
  if (action == "text") return "tëxt 🍎";
  if (action == "bytes") return json::binary({0, 255, 10, 128});
  if (action == "count") return ++count;
  if (action == "raise") throw std::invalid_argument("deliberate 🍎");
  if (action == "exit") _exit(3);
  if (action == "loop") for (volatile bool on = true; on;);
  if (action == "stream") return stream(input["count"]);
  if (action == "print") return print_much(input["mebibytes"]);
  if (action == "hog") return hog();
  return spawn();
}
