using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace Agora
{
    /// <summary>JSON as Dictionary, List, string, bool, null, and long, BigInteger or double.</summary>
    sealed class Json
    {
        static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;
        readonly string text;
        int position;

        Json(string text)
        {
            this.text = text;
        }

        public static object Parse(string text)
        {
            var json = new Json(text);
            var value = json.Value();
            if (json.position < text.Length && json.Next() != '\0') throw json.Invalid("text after the value");
            return value;
        }

        FormatException Invalid(string what)
        {
            return new FormatException("invalid JSON at " + position + ": " + what);
        }

        /// <summary>The next character that is no space; 0 at the end.</summary>
        char Next()
        {
            while (position < text.Length && text[position] <= ' ') position++;
            return position < text.Length ? text[position] : '\0';
        }

        object Value()
        {
            switch (Next())
            {
                case '{': return Object();
                case '[': return Array();
                case '"': return String();
                case 't': return Word("true", true);
                case 'f': return Word("false", false);
                case 'n': return Word("null", null);
                default: return Number();
            }
        }

        object Word(string word, object value)
        {
            if (string.CompareOrdinal(text, position, word, 0, word.Length) != 0) throw Invalid("no value");
            position += word.Length;
            return value;
        }

        Dictionary<string, object> Object()
        {
            var values = new Dictionary<string, object>();
            position++;
            if (Ends('}')) return values;
            do
            {
                if (Next() != '"') throw Invalid("a key is missing");
                var key = String();
                if (Next() != ':') throw Invalid("a colon is missing");
                position++;
                values[key] = Value();
            } while (GoesOn('}'));
            return values;
        }

        List<object> Array()
        {
            var values = new List<object>();
            position++;
            if (Ends(']')) return values;
            do values.Add(Value());
            while (GoesOn(']'));
            return values;
        }

        bool Ends(char end)
        {
            if (Next() != end) return false;
            position++;
            return true;
        }

        bool GoesOn(char end)
        {
            var found = Next();
            if (found != ',' && found != end) throw Invalid("a comma is missing");
            position++;
            return found == ',';
        }

        string String()
        {
            var built = new StringBuilder();
            position++;
            while (true)
            {
                var stop = text.IndexOfAny(new[] { '"', '\\' }, position);
                if (stop < 0) throw Invalid("a string without an end");
                built.Append(text, position, stop - position);
                position = stop + 1;
                if (text[stop] == '"') return built.ToString();
                built.Append(Escaped());
            }
        }

        char Escaped()
        {
            var found = position < text.Length ? text[position++] : '\0';
            switch (found)
            {
                case 'b': return '\b';
                case 'f': return '\f';
                case 'n': return '\n';
                case 'r': return '\r';
                case 't': return '\t';
                case 'u':
                    position += 4;
                    if (position > text.Length) throw Invalid("a string without an end");
                    return (char)int.Parse(text.Substring(position - 4, 4), NumberStyles.HexNumber, Invariant);
                default: return found;
            }
        }

        object Number()
        {
            var from = position;
            while (position < text.Length && "+-.0123456789eE".IndexOf(text[position]) >= 0) position++;
            var digits = text.Substring(from, position - from);
            if (digits.Length == 0) throw Invalid("no value");
            if (digits.IndexOfAny(new[] { '.', 'e', 'E' }) >= 0) return double.Parse(digits, NumberStyles.Float, Invariant);
            long number;
            if (long.TryParse(digits, NumberStyles.AllowLeadingSign, Invariant, out number)) return number;
            return BigInteger.Parse(digits, NumberStyles.AllowLeadingSign, Invariant);
        }

        public static string Write(object value)
        {
            var built = new StringBuilder();
            Write(value, built);
            return built.ToString();
        }

        static void Write(object value, StringBuilder built)
        {
            if (value == null) built.Append("null");
            else if (value is bool) built.Append((bool)value ? "true" : "false");
            else if (value is string || value is char || value is Enum) WriteString(value.ToString(), built);
            else if (value is double || value is float) WriteFloat(Convert.ToDouble(value), built);
            else if (value is BigInteger || value is decimal || value.GetType().IsPrimitive) built.AppendFormat(Invariant, "{0}", value);
            else if (value is IDictionary) WriteMap((IDictionary)value, built);
            else if (value is IEnumerable) WriteAll((IEnumerable)value, built);
            else WriteMap(Values.MembersOf(value), built);
        }

        static void WriteFloat(double number, StringBuilder built)
        {
            if (double.IsNaN(number) || double.IsInfinity(number))
                throw new ArgumentException("the result holds NaN or infinity, which JSON cannot carry");
            built.Append(number.ToString("R", Invariant));
        }

        static void WriteMap(IDictionary values, StringBuilder built)
        {
            var first = true;
            built.Append('{');
            foreach (DictionaryEntry entry in values)
            {
                if (!first) built.Append(',');
                first = false;
                WriteString(Convert.ToString(entry.Key, Invariant), built);
                built.Append(':');
                Write(entry.Value, built);
            }
            built.Append('}');
        }

        static void WriteAll(IEnumerable values, StringBuilder built)
        {
            var first = true;
            built.Append('[');
            foreach (var value in values)
            {
                if (!first) built.Append(',');
                first = false;
                Write(value, built);
            }
            built.Append(']');
        }

        static void WriteString(string value, StringBuilder built)
        {
            built.Append('"');
            for (var index = 0; index < value.Length; index++)
            {
                var found = value[index];
                if (found == '"' || found == '\\') built.Append('\\').Append(found);
                else if (found < ' ' || IsAlone(value, index)) built.Append("\\u").Append(((int)found).ToString("x4"));
                else built.Append(found);
            }
            built.Append('"');
        }

        /// <summary>Whether half of a surrogate pair stands without its other half: UTF-8 has no bytes for it.</summary>
        static bool IsAlone(string value, int index)
        {
            if (char.IsHighSurrogate(value[index])) return index + 1 == value.Length || !char.IsLowSurrogate(value[index + 1]);
            return char.IsLowSurrogate(value[index]) && (index == 0 || !char.IsHighSurrogate(value[index - 1]));
        }
    }
}
