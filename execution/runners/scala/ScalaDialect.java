package agora.runner;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import scala.Option;
import scala.Product;
import scala.collection.Iterable;
import scala.collection.Iterator;
import scala.collection.immutable.LazyList;
import scala.jdk.javaapi.CollectionConverters;
import scala.math.BigDecimal;
import scala.math.BigInt;

/** Scala: immutable Map and List, BigInt, Option, case classes. */
final class ScalaDialect extends Dialect {
  @Override
  Object incoming(Object value) {
    if (value instanceof Map) {
      scala.collection.immutable.Map<Object, Object> made = scala.collection.immutable.Map$.MODULE$.empty();
      for (Map.Entry<?, ?> entry : ((Map<?, ?>) value).entrySet()) {
        made = put(made, entry.getKey(), incoming(entry.getValue()));
      }
      return made;
    }
    if (value instanceof List) {
      scala.collection.immutable.List<Object> made = scala.collection.immutable.List$.MODULE$.empty();
      List<?> values = (List<?>) value;
      for (int index = values.size() - 1; index >= 0; index--) {
        made = new scala.collection.immutable.$colon$colon<>(incoming(values.get(index)), made);
      }
      return made;
    }
    return value instanceof BigInteger ? new BigInt((BigInteger) value) : value;
  }

  private static scala.collection.immutable.Map<Object, Object> put(
      scala.collection.immutable.Map<Object, Object> values, Object key, Object value) {
    return (scala.collection.immutable.Map<Object, Object>) values.updated(key, value);
  }

  @Override
  java.util.Iterator<?> chunks(Object result) {
    if (result instanceof LazyList) return CollectionConverters.asJava(((LazyList<?>) result).iterator());
    return result instanceof Iterator ? CollectionConverters.asJava((Iterator<?>) result) : super.chunks(result);
  }

  @Override
  Object outgoing(Object value) {
    if (value instanceof scala.collection.Map) return outgoingMap((scala.collection.Map<?, ?>) value);
    if (value instanceof Iterable) return outgoingAll(((Iterable<?>) value).iterator());
    if (value instanceof Option) return ((Option<?>) value).isEmpty() ? null : outgoing(((Option<?>) value).get());
    if (value instanceof BigInt) return ((BigInt) value).bigInteger();
    if (value instanceof BigDecimal) return ((BigDecimal) value).bigDecimal();
    if (value instanceof Product) return outgoingProduct((Product) value);
    return super.outgoing(value);
  }

  private Object outgoingMap(scala.collection.Map<?, ?> values) {
    Map<Object, Object> made = new LinkedHashMap<>();
    values.foreachEntry((key, value) -> made.put(key, outgoing(value)));
    return made;
  }

  private Object outgoingAll(Iterator<?> values) {
    List<Object> made = new ArrayList<>();
    while (values.hasNext()) made.add(outgoing(values.next()));
    return made;
  }

  /** A case class is an object, a tuple an array. */
  private Object outgoingProduct(Product value) {
    if (value.getClass().getName().startsWith("scala.Tuple")) return outgoingAll(value.productIterator());
    Map<Object, Object> made = new LinkedHashMap<>();
    for (int index = 0; index < value.productArity(); index++) {
      made.put(value.productElementName(index), outgoing(value.productElement(index)));
    }
    return made;
  }
}
