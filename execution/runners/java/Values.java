package agora.runner;

import java.lang.reflect.Array;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.lang.reflect.WildcardType;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Turns what came as JSON into the type that an author's apply asks for, and the author's objects into maps. */
final class Values {
  private Values() {}

  static Object convert(Object value, Type type) throws ReflectiveOperationException {
    if (type instanceof WildcardType) return convert(value, ((WildcardType) type).getUpperBounds()[0]);
    Class<?> wanted = classOf(type);
    if (wanted == Optional.class) return Optional.ofNullable(convert(value, argumentOf(type, 0)));
    if (value == null && !wanted.isPrimitive()) return null;
    if (value instanceof Number) return number((Number) value, wanted);
    if (value instanceof List) return list((List<?>) value, type, wanted);
    if (value instanceof Map) return map((Map<?, ?>) value, type, wanted);
    if (value instanceof String && wanted.isEnum()) return constant((String) value, wanted);
    if (value instanceof Boolean && wanted == boolean.class) return value;
    if (value instanceof String && wanted == char.class && ((String) value).length() == 1) return ((String) value).charAt(0);
    return checked(value, wanted);
  }

  private static Object checked(Object value, Class<?> wanted) {
    if (wanted.isInstance(value)) return value;
    String kind = value == null ? "null" : value instanceof byte[] ? "binary" : value.getClass().getSimpleName();
    throw new IllegalArgumentException("the input holds " + kind + " where " + wanted.getSimpleName() + " is wanted");
  }

  private static Class<?> classOf(Type type) {
    if (type instanceof Class) return (Class<?>) type;
    return type instanceof ParameterizedType ? (Class<?>) ((ParameterizedType) type).getRawType() : Object.class;
  }

  private static Type argumentOf(Type type, int index) {
    return type instanceof ParameterizedType ? ((ParameterizedType) type).getActualTypeArguments()[index] : Object.class;
  }

  private static Object number(Number value, Class<?> wanted) {
    if (wanted == int.class || wanted == Integer.class) return exact(value).intValueExact();
    if (wanted == long.class || wanted == Long.class) return exact(value).longValueExact();
    if (wanted == short.class || wanted == Short.class) return exact(value).shortValueExact();
    if (wanted == byte.class || wanted == Byte.class) return exact(value).byteValueExact();
    if (wanted == double.class || wanted == Double.class) return value.doubleValue();
    if (wanted == float.class || wanted == Float.class) return value.floatValue();
    if (wanted == BigDecimal.class) return new BigDecimal(value.toString());
    return wanted == BigInteger.class ? exact(value) : checked(value, wanted);
  }

  private static BigInteger exact(Number value) {
    return new BigDecimal(value.toString()).toBigIntegerExact();
  }

  private static Object list(List<?> values, Type type, Class<?> wanted) throws ReflectiveOperationException {
    if (wanted.isArray()) {
      Object array = Array.newInstance(wanted.getComponentType(), values.size());
      for (int index = 0; index < values.size(); index++) {
        Array.set(array, index, convert(values.get(index), wanted.getComponentType()));
      }
      return array;
    }
    Type element = argumentOf(type, 0);
    if (wanted == Object.class || (element == Object.class && wanted.isInstance(values))) return values;
    Collection<Object> made = Set.class.isAssignableFrom(wanted) ? new LinkedHashSet<>() : new ArrayList<>();
    for (Object value : values) made.add(convert(value, element));
    return checked(made, wanted);
  }

  private static Object map(Map<?, ?> values, Type type, Class<?> wanted) throws ReflectiveOperationException {
    if (wanted == Object.class) return values;
    if (wanted.isRecord()) return record(values, wanted);
    if (!Map.class.isAssignableFrom(wanted)) return object(values, wanted);
    Map<Object, Object> made = new LinkedHashMap<>();
    for (Map.Entry<?, ?> entry : values.entrySet()) {
      made.put(entry.getKey(), convert(entry.getValue(), argumentOf(type, 1)));
    }
    return checked(made, wanted);
  }

  private static Object record(Map<?, ?> values, Class<?> wanted) throws ReflectiveOperationException {
    RecordComponent[] components = wanted.getRecordComponents();
    Class<?>[] types = new Class<?>[components.length];
    Object[] arguments = new Object[components.length];
    for (int index = 0; index < components.length; index++) {
      types[index] = components[index].getType();
      arguments[index] = convert(values.get(components[index].getName()), components[index].getGenericType());
    }
    return create(wanted.getDeclaredConstructor(types), arguments);
  }

  private static Object object(Map<?, ?> values, Class<?> wanted) throws ReflectiveOperationException {
    if (wanted.isInterface() || wanted.getName().startsWith("java.")) return checked(values, wanted);
    Constructor<?>[] constructors = wanted.getDeclaredConstructors();
    if (constructors.length == 1 && constructors[0].getParameterCount() > 0) return byParameters(values, constructors[0]);
    Object made = create(wanted.getDeclaredConstructor());
    for (Field field : fields(wanted)) {
      if (values.containsKey(field.getName())) field.set(made, convert(values.get(field.getName()), field.getGenericType()));
    }
    return made;
  }

  /** Data and case classes: the compiler was told to keep the names of parameters. */
  private static Object byParameters(Map<?, ?> values, Constructor<?> constructor) throws ReflectiveOperationException {
    Parameter[] parameters = constructor.getParameters();
    Object[] arguments = new Object[parameters.length];
    for (int index = 0; index < parameters.length; index++) {
      arguments[index] = convert(values.get(parameters[index].getName()), parameters[index].getParameterizedType());
    }
    return create(constructor, arguments);
  }

  private static Object create(Constructor<?> constructor, Object... arguments) throws ReflectiveOperationException {
    constructor.setAccessible(true);
    return constructor.newInstance(arguments);
  }

  private static Object constant(String name, Class<?> wanted) {
    for (Object constant : wanted.getEnumConstants()) {
      if (((Enum<?>) constant).name().equals(name)) return constant;
    }
    throw new IllegalArgumentException("the input holds " + name + ", which is no " + wanted.getSimpleName());
  }

  private static List<Field> fields(Class<?> owner) {
    List<Field> found = new ArrayList<>();
    for (Class<?> kind = owner; kind != null && kind != Object.class; kind = kind.getSuperclass()) {
      for (Field field : kind.getDeclaredFields()) {
        if (Modifier.isStatic(field.getModifiers()) || field.isSynthetic()) continue;
        field.setAccessible(true);
        found.add(field);
      }
    }
    return found;
  }

  /** The fields of an author's own object: how it is written as JSON. */
  static Map<String, Object> fieldsOf(Object value) {
    if (value.getClass().getName().startsWith("java.")) {
      throw new IllegalArgumentException("the result cannot be written as JSON: it holds a " + value.getClass().getName());
    }
    Map<String, Object> values = new LinkedHashMap<>();
    try {
      for (Field field : fields(value.getClass())) values.put(field.getName(), field.get(value));
    } catch (IllegalAccessException error) {
      throw new IllegalArgumentException("the result cannot be written as JSON", error);
    }
    return values;
  }
}
