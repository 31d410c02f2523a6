// Answers calls to one algorithm in C++: one line of JSON in, one out, on the call channel (descriptor 3). It is compiled
// together with the author's files; the stage of the warm slot has said ready, and hands over the order to load.
//
// What the algorithm prints goes to the log pipe (descriptors 1 and 2).
#include "agora.hpp"

#include <cxxabi.h>
#include <dlfcn.h>
#include <execinfo.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string_view>
#include <typeinfo>
#include <vector>

using agora::json;

namespace {

constexpr int kChannel = 3;
constexpr int kMostFrames = 64;
constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

thread_local std::array<void*, kMostFrames> thrown_at;  // where the latest exception was thrown
thread_local int frames = 0;

std::string demangle(const char* name) {
  int status = 0;
  char* text = abi::__cxa_demangle(name, nullptr, nullptr, &status);
  std::string result = status == 0 ? text : name;
  std::free(text);
  return result;
}

std::string describe_frame(void* address) {
  Dl_info info;
  if (dladdr(address, &info) == 0 || info.dli_sname == nullptr) return "";
  std::string name = demangle(info.dli_sname);
  bool ours = name.rfind("main", 0) == 0 || name.rfind("__", 0) == 0 || name.rfind("_start", 0) == 0;
  return ours ? "" : "  at " + name + "\n";
}

std::string trace(const std::string& title) {
  std::string text = title + "\n";
  for (int index = 1; index < frames; index++) text += describe_frame(thrown_at[index]);
  return text;
}

void send(std::string line) {
  line += '\n';
  std::string_view left = line;
  while (!left.empty()) {
    ssize_t written = write(kChannel, left.data(), left.size());
    if (written < 0) _exit(1);
    left.remove_prefix(written);
  }
}

// The next line; empty when the channel closes. A caller sends one and waits.
std::string receive() {
  std::string line;
  std::vector<char> buffer(1 << 18);
  do {
    ssize_t count = read(kChannel, buffer.data(), buffer.size());
    if (count <= 0) return "";
    line.append(buffer.data(), count);
  } while (line.back() != '\n');
  return line;
}

std::string encode_base64(const std::vector<std::uint8_t>& bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t index = 0; index < bytes.size(); index += 3) {
    std::size_t left = bytes.size() - index;
    unsigned number = bytes[index] << 16 | (left > 1 ? bytes[index + 1] << 8 : 0) | (left > 2 ? bytes[index + 2] : 0);
    text += kLetters[number >> 18];
    text += kLetters[number >> 12 & 63];
    text += left > 1 ? kLetters[number >> 6 & 63] : '=';
    text += left > 2 ? kLetters[number & 63] : '=';
  }
  return text;
}

std::vector<std::uint8_t> decode_base64(const std::string& text) {
  std::array<int, 256> values;
  values.fill(-1);
  for (std::size_t index = 0; index < kLetters.size(); index++) values[static_cast<unsigned char>(kLetters[index])] = index;
  std::vector<std::uint8_t> bytes;
  bytes.reserve(text.size() / 4 * 3);
  unsigned number = 0, bits = 0;
  for (unsigned char letter : text) {
    if (values[letter] < 0) continue;
    number = number << 6 | values[letter];
    bits += 6;
    if (bits >= 8) bytes.push_back(number >> (bits -= 8) & 255);
  }
  return bytes;
}

std::string line_of(const std::string& key, const json& result) {
  if (result.is_binary()) {
    return "{\"" + key + "\":\"" + encode_base64(result.get_binary()) + R"(","metadata":{"content_type":"binary"}})";
  }
  const char* kind = result.is_string() ? "text" : "json";
  return "{\"" + key + "\":" + result.dump() + R"(,"metadata":{"content_type":")" + kind + "\"}}";
}

std::string error_line(const std::string& type, const std::string& message) {
  json error = {{"message", message}, {"error_type", type}, {"stacktrace", trace(type + ": " + message)}};
  return json({{"error", error}}).dump(-1, ' ', false, json::error_handler_t::replace);
}

// Runs it; an exception becomes an error line.
template <typename Action>
std::string guarded(Action action, bool& failed) {
  failed = true;
  try {
    std::string line = action();
    failed = false;
    return line;
  } catch (const agora::Error& error) {
    return error_line(error.type(), error.what());
  } catch (const std::exception& error) {
    return error_line(demangle(typeid(error).name()), error.what());
  } catch (abi::__forced_unwind&) {
    throw;
  } catch (...) {
    return error_line(demangle(abi::__cxa_current_exception_type()->name()), "something that is no std::exception was thrown");
  }
}

std::string answer(const std::string& line, json& request) {
  request = json::parse(line);
  json& data = request["data"];
  if (request["content_type"] == "binary") data = json::binary(decode_base64(data.get_ref<const std::string&>()));
  return line_of("result", apply(data));
}

// The answer says which request it is for.
std::string with_id(std::string answer, const json& request) {
  if (!request.is_object() || !request.contains("id")) return answer;
  answer.pop_back();
  return answer + ",\"id\":" + request["id"].dump() + "}";
}

std::string load_version(const char* name_of_order) {
  auto started = std::chrono::steady_clock::now();
  std::ifstream file(name_of_order);
  json order = json::parse(file)["load"];
  json variables = order.value("environment_variables", json::object());
  for (auto& [name, value] : variables.items()) {
    setenv(name.c_str(), value.get_ref<const std::string&>().c_str(), 1);
  }
  if (chdir(order["directory"].get_ref<const std::string&>().c_str()) != 0) throw std::runtime_error("no such version");
  if (load != nullptr) load();
  auto duration = std::chrono::steady_clock::now() - started;
  long long microseconds = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
  return R"({"loaded":{"duration_us":)" + std::to_string(microseconds) + "}}";
}

void flush_prints() {
  std::cout.flush();
  std::fflush(nullptr);
}

// A crash says where, in the log, and then is one.
void on_crash(int number) {
  std::array<void*, kMostFrames> addresses;
  backtrace_symbols_fd(addresses.data(), backtrace(addresses.data(), kMostFrames), STDERR_FILENO);
  std::signal(number, SIG_DFL);
  std::raise(number);
}

}  // namespace

void agora::send_chunk(const json& chunk) { send(line_of("chunk", chunk)); }

// The compiler calls this for every `throw`: it remembers where that was, and goes on to the real one.
extern "C" void __cxa_throw(void* thrown, void* type, void (*destroy)(void*)) {
  using Throw = void (*)(void*, void*, void (*)(void*));
  static auto real = reinterpret_cast<Throw>(dlsym(RTLD_NEXT, "__cxa_throw"));
  frames = backtrace(thrown_at.data(), kMostFrames);
  real(thrown, type, destroy);
  __builtin_unreachable();
}

int main(int count, char** arguments) {
  bool failed = false;
  for (int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) std::signal(number, on_crash);
  fcntl(kChannel, F_SETFD, FD_CLOEXEC);
  std::string line = guarded([&] { return load_version(count > 1 ? arguments[1] : ""); }, failed);
  flush_prints();
  send(line);
  if (failed) return 1;
  while (!(line = receive()).empty()) {
    json request;
    std::string response = guarded([&] { return answer(line, request); }, failed);
    flush_prints();
    send(with_id(std::move(response), request));
  }
}
