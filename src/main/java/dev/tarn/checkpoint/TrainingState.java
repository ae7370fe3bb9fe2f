package dev.tarn.checkpoint;

import dev.tarn.CheckpointException;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.DoubleNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The part of a checkpoint that is not a tensor: named numbers, words and flags such as the position in the schedule, the
 * cursor in the data and the seed. Doubles come back bit for bit, NaN (as the one NaN) and infinities included. Whoever
 * writes a key reads it; a missing or mistyped one is a {@link CheckpointException}. Mutable; one thread at a time.
 */
public final class TrainingState {

    private static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .enable(SerializationFeature.INDENT_OUTPUT)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private final String origin;
    private final ObjectNode values;

    /** An empty state, to be filled and written. */
    public TrainingState() {
        this("the training state", JSON.createObjectNode());
    }

    private TrainingState(String origin, ObjectNode values) {
        this.origin = origin;
        this.values = values;
    }

    /** Parses {@code state.json}; {@code origin} names it in messages. */
    static TrainingState parse(String origin, byte[] json) {
        try {
            if (JSON.readTree(json) instanceof ObjectNode object) {
                return new TrainingState(origin, object);
            }
            throw new CheckpointException(origin + " is damaged: it is not a JSON object.");
        } catch (JacksonException e) {
            throw new CheckpointException(origin + " is damaged: " + e.getOriginalMessage() + ".", e);
        }
    }

    byte[] toJson() {
        return JSON.writeValueAsBytes(values);
    }

    /** Sets a whole number. */
    public TrainingState set(String key, long value) {
        values.put(key, value);
        return this;
    }

    /** Sets a real number. */
    public TrainingState set(String key, double value) {
        values.set(key, node(value));
        return this;
    }

    /** Sets a flag. */
    public TrainingState set(String key, boolean value) {
        values.put(key, value);
        return this;
    }

    /** Sets a word. */
    public TrainingState set(String key, String value) {
        values.put(key, value);
        return this;
    }

    /** Sets a list of real numbers. */
    public TrainingState set(String key, double[] value) {
        ArrayNode array = values.putArray(key);
        DoubleStream.of(value).mapToObj(TrainingState::node).forEach(array::add);
        return this;
    }

    /** Sets a list of whole numbers. */
    public TrainingState set(String key, long[] value) {
        ArrayNode array = values.putArray(key);
        LongStream.of(value).forEach(array::add);
        return this;
    }

    /** Sets a list of words. */
    public TrainingState set(String key, List<String> value) {
        ArrayNode array = values.putArray(key);
        value.forEach(array::add);
        return this;
    }

    /** All keys, sorted. */
    public Set<String> keys() {
        return new TreeSet<>(values.propertyNames());
    }

    /** Whether the key is there. */
    public boolean has(String key) {
        return values.has(key);
    }

    /** The whole number under a key. */
    public long integer(String key) {
        return integer(key, get(key));
    }

    /** The real number under a key. */
    public double real(String key) {
        return real(key, get(key));
    }

    /** The flag under a key. */
    public boolean flag(String key) {
        JsonNode node = get(key);
        if (!node.isBoolean()) {
            throw wrong(key, node, "true or false");
        }
        return node.booleanValue();
    }

    /** The word under a key. */
    public String text(String key) {
        return text(key, get(key));
    }

    /** The real numbers under a key. */
    public double[] reals(String key) {
        ArrayNode array = array(key);
        return IntStream.range(0, array.size())
                .mapToDouble(i -> real(key, array.path(i)))
                .toArray();
    }

    /** The whole numbers under a key. */
    public long[] integers(String key) {
        ArrayNode array = array(key);
        return IntStream.range(0, array.size())
                .mapToLong(i -> integer(key, array.path(i)))
                .toArray();
    }

    /** The words under a key. */
    public List<String> texts(String key) {
        ArrayNode array = array(key);
        return IntStream.range(0, array.size())
                .mapToObj(i -> text(key, array.path(i)))
                .toList();
    }

    /** JSON has no NaN and no infinity, so these are written as words. */
    private static JsonNode node(double value) {
        return Double.isFinite(value)
                ? DoubleNode.valueOf(value)
                : JSON.getNodeFactory().stringNode(Double.toString(value));
    }

    private JsonNode get(String key) {
        JsonNode node = values.get(key);
        if (node == null) {
            throw new CheckpointException(
                    origin + " lacks " + key + "; it was written by another version or for another kind of run.");
        }
        return node;
    }

    private ArrayNode array(String key) {
        JsonNode node = get(key);
        if (node instanceof ArrayNode array) {
            return array;
        }
        throw wrong(key, node, "a list");
    }

    private long integer(String key, JsonNode node) {
        if (!node.canConvertToLong() || !node.isIntegralNumber()) {
            throw wrong(key, node, "a whole number");
        }
        return node.longValue();
    }

    private double real(String key, JsonNode node) {
        if (node.isNumber()) {
            return node.doubleValue();
        }
        return switch (node.isString() ? node.stringValue() : "") {
            case "NaN" -> Double.NaN;
            case "Infinity" -> Double.POSITIVE_INFINITY;
            case "-Infinity" -> Double.NEGATIVE_INFINITY;
            default -> throw wrong(key, node, "a number");
        };
    }

    private String text(String key, JsonNode node) {
        if (!node.isString()) {
            throw wrong(key, node, "a word");
        }
        return node.stringValue();
    }

    private CheckpointException wrong(String key, JsonNode node, String wanted) {
        String text = node.toString();
        return new CheckpointException(origin + " has " + key + " = "
                + (text.length() > 60 ? text.substring(0, 60) + "…" : text) + ", which is not " + wanted + ".");
    }
}
