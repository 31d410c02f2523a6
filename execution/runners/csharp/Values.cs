using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Numerics;
using System.Reflection;

namespace Agora
{
    /// <summary>Turns what came as JSON into the type that an author's Apply asks for, and the author's objects into maps.</summary>
    static class Values
    {
        const BindingFlags Members = BindingFlags.Public | BindingFlags.Instance;

        public static object Convert(object value, Type wanted)
        {
            wanted = Nullable.GetUnderlyingType(wanted) ?? wanted;
            if (value == null) return null;
            if (wanted.IsInstanceOfType(value)) return value;
            if (value is string && wanted.IsEnum) return Enum.Parse(wanted, (string)value);
            if (value is List<object>) return List((List<object>)value, wanted);
            if (value is Dictionary<string, object>) return Map((Dictionary<string, object>)value, wanted);
            if (wanted == typeof(BigInteger) && value is long) return new BigInteger((long)value);
            if (wanted.IsPrimitive || wanted == typeof(decimal)) return System.Convert.ChangeType(value, wanted, CultureInfo.InvariantCulture);
            throw Unfit(value, wanted);
        }

        static Exception Unfit(object value, Type wanted)
        {
            var kind = value is byte[] ? "binary" : value.GetType().Name;
            return new ArgumentException("the input holds " + kind + " where " + wanted.Name + " is wanted");
        }

        static object List(List<object> values, Type wanted)
        {
            if (wanted.IsArray)
            {
                var array = Array.CreateInstance(wanted.GetElementType(), values.Count);
                for (var index = 0; index < values.Count; index++) array.SetValue(Convert(values[index], wanted.GetElementType()), index);
                return array;
            }
            if (!wanted.IsGenericType || wanted.GetGenericArguments().Length != 1) throw Unfit(values, wanted);
            var element = wanted.GetGenericArguments()[0];
            var made = (IList)Activator.CreateInstance(typeof(List<>).MakeGenericType(element));
            foreach (var value in values) made.Add(Convert(value, element));
            return made;
        }

        static object Map(Dictionary<string, object> values, Type wanted)
        {
            if (wanted.IsGenericType && wanted.GetGenericArguments().Length == 2)
            {
                var element = wanted.GetGenericArguments()[1];
                var made = (IDictionary)Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(typeof(string), element));
                foreach (var entry in values) made.Add(entry.Key, Convert(entry.Value, element));
                return made;
            }
            var target = Activator.CreateInstance(wanted);
            foreach (var field in wanted.GetFields(Members))
                if (values.ContainsKey(field.Name)) field.SetValue(target, Convert(values[field.Name], field.FieldType));
            foreach (var property in wanted.GetProperties(Members))
                if (values.ContainsKey(property.Name) && property.CanWrite)
                    property.SetValue(target, Convert(values[property.Name], property.PropertyType), null);
            return target;
        }

        /// <summary>The public fields and properties of an object: how it is written as JSON.</summary>
        public static IDictionary MembersOf(object value)
        {
            var values = new Dictionary<string, object>();
            foreach (var field in value.GetType().GetFields(Members)) values[field.Name] = field.GetValue(value);
            foreach (var property in value.GetType().GetProperties(Members))
                if (property.CanRead && property.GetIndexParameters().Length == 0) values[property.Name] = property.GetValue(value, null);
            return values;
        }
    }
}
