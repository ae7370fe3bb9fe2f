package dev.tarn.run;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Something that happened, as one line of JSON: {@code {"event":"epoch","epoch":0,"train_loss":4.61}}. The same lines
 * stand in {@code metrics.jsonl} and, with {@code --json}, on standard output. A number that is not finite is written as
 * null, since JSON has no word for it. Mutable while it is put together.
 */
public final class JsonEvent {

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final ObjectNode fields;

    private JsonEvent(ObjectNode fields) {
        this.fields = fields;
    }

    /** An event of a kind, such as {@code epoch}, {@code step}, {@code error}. */
    public static JsonEvent of(String kind) {
        return new JsonEvent(JSON.createObjectNode().put("event", kind));
    }

    /** An object of a document that is no event: parts of the answer of a command. */
    public static JsonEvent object() {
        return new JsonEvent(JSON.createObjectNode());
    }

    /** Reads a line; null if it is not one object. */
    public static @Nullable JsonEvent parse(String line) {
        try {
            return JSON.readTree(line) instanceof ObjectNode object ? new JsonEvent(object) : null;
        } catch (JacksonException e) {
            return null;
        }
    }

    /** Adds a whole number. */
    public JsonEvent with(String key, long value) {
        fields.put(key, value);
        return this;
    }

    /** Adds a real number; null where it is not finite. */
    public JsonEvent with(String key, double value) {
        if (Double.isFinite(value)) {
            fields.put(key, value);
        } else {
            fields.putNull(key);
        }
        return this;
    }

    /** Adds a flag. */
    public JsonEvent with(String key, boolean value) {
        fields.put(key, value);
        return this;
    }

    /** Adds a text. */
    public JsonEvent with(String key, String value) {
        fields.put(key, value);
        return this;
    }

    /** Adds real numbers; null for each that is not finite. */
    public JsonEvent with(String key, double[] values) {
        ArrayNode array = fields.putArray(key);
        for (double value : values) {
            if (Double.isFinite(value)) {
                array.add(value);
            } else {
                array.addNull();
            }
        }
        return this;
    }

    /** Adds a list of texts or of objects made by {@link #object()}. */
    public JsonEvent with(String key, Iterable<?> values) {
        ArrayNode array = fields.putArray(key);
        for (Object value : values) {
            if (value instanceof JsonEvent event) {
                array.add(event.fields);
            } else {
                array.add(value.toString());
            }
        }
        return this;
    }

    /** Adds an object. */
    public JsonEvent with(String key, JsonEvent value) {
        fields.set(key, value.fields);
        return this;
    }

    /** The kind; empty for what is no event. */
    public String kind() {
        return fields.path("event").asString("");
    }

    /** The names of all fields, sorted. */
    public Set<String> keys() {
        return new TreeSet<>(fields.propertyNames());
    }

    /** A number; NaN where there is none. */
    public double real(String key) {
        JsonNode value = fields.path(key);
        return value.isNumber() ? value.doubleValue() : Double.NaN;
    }

    /** A text; empty where there is none. */
    public String text(String key) {
        return fields.path(key).asString("");
    }

    /** Real numbers, NaN for each that is none; no numbers where there is no list. */
    public double[] reals(String key) {
        return fields.path(key)
                .valueStream()
                .mapToDouble(value -> value.isNumber() ? value.doubleValue() : Double.NaN)
                .toArray();
    }

    /** The objects of a list, in order; none where there is no list. */
    public List<JsonEvent> objects(String key) {
        return fields.path(key)
                .valueStream()
                .filter(ObjectNode.class::isInstance)
                .map(value -> new JsonEvent((ObjectNode) value))
                .toList();
    }

    /** The texts of an object by their names, in order; none where there is no object. */
    public Map<String, String> texts(String key) {
        Map<String, String> texts = new LinkedHashMap<>();
        fields.path(key).forEachEntry((name, value) -> texts.put(name, value.asString("")));
        return texts;
    }

    /** The line, without a line break. */
    public String toJson() {
        return JSON.writeValueAsString(fields);
    }

    /** The same over several lines, for a file that people read. */
    public String toPrettyJson() {
        return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(fields) + "\n";
    }

    @Override
    public String toString() {
        return toJson();
    }

    /** Adds a map of texts as an object. */
    public JsonEvent with(String key, Map<String, String> values) {
        ObjectNode object = fields.putObject(key);
        values.forEach(object::put);
        return this;
    }
}
