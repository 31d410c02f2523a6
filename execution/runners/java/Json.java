package agora.runner;

import java.lang.reflect.Array;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** JSON as Java's own values: Map, List, String, Boolean, null, and Integer, Long, BigInteger or Double. */
final class Json {
  private final String text;
  private int position;

  private Json(String text) {
    this.text = text;
  }

  static Object parse(String text) {
    Json json = new Json(text);
    Object value = json.value();
    json.skip();
    if (json.position != text.length()) throw json.invalid("text after the value");
    return value;
  }

  private IllegalArgumentException invalid(String what) {
    return new IllegalArgumentException("invalid JSON at " + position + ": " + what);
  }

  private void skip() {
    while (position < text.length() && text.charAt(position) <= ' ') position++;
  }

  private char next() {
    skip();
    if (position == text.length()) throw invalid("it ends too early");
    return text.charAt(position);
  }

  private Object value() {
    switch (next()) {
      case '{': return object();
      case '[': return array();
      case '"': return string();
      case 't': return word("true", true);
      case 'f': return word("false", false);
      case 'n': return word("null", null);
      default: return number();
    }
  }

  private Object word(String word, Object value) {
    if (!text.startsWith(word, position)) throw invalid("no value");
    position += word.length();
    return value;
  }

  private Map<String, Object> object() {
    Map<String, Object> values = new LinkedHashMap<>();
    position++;
    if (ends('}')) return values;
    do {
      if (next() != '"') throw invalid("a key is missing");
      String key = string();
      if (next() != ':') throw invalid("a colon is missing");
      position++;
      values.put(key, value());
    } while (goesOn('}'));
    return values;
  }

  private List<Object> array() {
    List<Object> values = new ArrayList<>();
    position++;
    if (ends(']')) return values;
    do values.add(value());
    while (goesOn(']'));
    return values;
  }

  private boolean ends(char end) {
    if (next() != end) return false;
    position++;
    return true;
  }

  private boolean goesOn(char end) {
    char found = next();
    if (found != ',' && found != end) throw invalid("a comma is missing");
    position++;
    return found == ',';
  }

  private String string() {
    int from = ++position;
    int end = text.indexOf('"', from);
    int escape = text.indexOf('\\', from);
    if (end < 0) throw invalid("a string without an end");
    if (escape < 0 || escape > end) {
      position = end + 1;
      return text.substring(from, end);
    }
    StringBuilder built = new StringBuilder();
    while (true) {
      if (position >= text.length()) throw invalid("a string without an end");
      char found = text.charAt(position++);
      if (found == '"') return built.toString();
      built.append(found == '\\' ? escaped() : found);
    }
  }

  private char escaped() {
    if (position + 1 >= text.length()) throw invalid("a string without an end");
    char found = text.charAt(position++);
    switch (found) {
      case 'b': return '\b';
      case 'f': return '\f';
      case 'n': return '\n';
      case 'r': return '\r';
      case 't': return '\t';
      case 'u':
        position += 4;
        if (position > text.length()) throw invalid("a string without an end");
        return (char) Integer.parseInt(text, position - 4, position, 16);
      default: return found;
    }
  }

  private Number number() {
    int from = position;
    boolean whole = true;
    while (position < text.length() && "+-.0123456789eE".indexOf(text.charAt(position)) >= 0) {
      whole &= ".eE".indexOf(text.charAt(position++)) < 0;
    }
    String digits = text.substring(from, position);
    if (digits.isEmpty()) throw invalid("no value");
    if (!whole) return Double.valueOf(digits);
    if (digits.length() > 18) return fitting(new BigInteger(digits));
    long number = Long.parseLong(digits);
    return (int) number == number ? (Number) (int) number : (Number) number;
  }

  private static Number fitting(BigInteger number) {
    return number.bitLength() < 64 ? (Number) number.longValue() : number;
  }

  static String write(Object value) {
    StringBuilder out = new StringBuilder();
    write(value, out);
    return out.toString();
  }

  private static void write(Object value, StringBuilder out) {
    if (value == null || value instanceof Boolean) {
      out.append(value);
    } else if (value instanceof CharSequence || value instanceof Character || value instanceof Enum) {
      writeString(value.toString(), out);
    } else if (value instanceof Number) {
      writeNumber((Number) value, out);
    } else if (value instanceof Map) {
      writeMap((Map<?, ?>) value, out);
    } else if (value instanceof Iterable) {
      writeAll((Iterable<?>) value, out);
    } else if (value.getClass().isArray()) {
      writeArray(value, out);
    } else if (value instanceof Optional) {
      write(((Optional<?>) value).orElse(null), out);
    } else {
      writeMap(Values.fieldsOf(value), out);
    }
  }

  private static void writeNumber(Number number, StringBuilder out) {
    if (!Double.isFinite(number.doubleValue()) && !(number instanceof BigInteger || number instanceof BigDecimal)) {
      throw new IllegalArgumentException("the result holds NaN or infinity, which JSON cannot carry");
    }
    out.append(number);
  }

  private static void writeMap(Map<?, ?> values, StringBuilder out) {
    char before = '{';
    for (Map.Entry<?, ?> entry : values.entrySet()) {
      out.append(before);
      before = ',';
      writeString(String.valueOf(entry.getKey()), out);
      write(entry.getValue(), out.append(':'));
    }
    out.append(before == '{' ? "{}" : "}");
  }

  private static void writeAll(Iterable<?> values, StringBuilder out) {
    char before = '[';
    for (Object value : values) {
      write(value, out.append(before));
      before = ',';
    }
    out.append(before == '[' ? "[]" : "]");
  }

  private static void writeArray(Object values, StringBuilder out) {
    out.append('[');
    for (int index = 0; index < Array.getLength(values); index++) {
      if (index > 0) out.append(',');
      write(Array.get(values, index), out);
    }
    out.append(']');
  }

  private static void writeString(String value, StringBuilder out) {
    out.append('"');
    for (int index = 0; index < value.length(); index++) {
      char found = value.charAt(index);
      if (found == '"' || found == '\\') {
        out.append('\\').append(found);
      } else if (found < ' ' || isAlone(value, index)) {
        out.append(String.format("\\u%04x", (int) found));
      } else {
        out.append(found);
      }
    }
    out.append('"');
  }

  /** Whether half of a surrogate pair stands without its other half: UTF-8 has no bytes for it. */
  private static boolean isAlone(String value, int index) {
    char found = value.charAt(index);
    if (Character.isHighSurrogate(found)) {
      return index + 1 == value.length() || !Character.isLowSurrogate(value.charAt(index + 1));
    }
    return Character.isLowSurrogate(found) && (index == 0 || !Character.isHighSurrogate(value.charAt(index - 1)));
  }
}
