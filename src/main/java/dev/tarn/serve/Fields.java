package dev.tarn.serve;

import dev.tarn.DataException;
import dev.tarn.run.Nearest;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The fields of a request, each of the right kind or refused by name. An unknown field is an error that names the nearest
 * known one, for a misspelt wish is not granted by ignoring it.
 */
final class Fields {

    private static final int DEEPEST = 16;

    private static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(DEEPEST)
                            .build())
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private final ObjectNode fields;

    private Fields(ObjectNode fields) {
        this.fields = fields;
    }

    /**
     * Parses a body.
     *
     * @param example what a request looks like, for messages
     * @param known the names that fields may have
     * @throws DataException if it is not one JSON object in UTF-8 with known fields alone
     */
    static Fields parse(byte[] body, String example, List<String> known) {
        ObjectNode fields = object(body, example);
        for (String name : fields.propertyNames()) {
            if (!known.contains(name)) {
                throw new DataException("There is no field '" + shortened(name) + "'; did you mean '"
                        + Nearest.name(shortened(name), known) + "'?");
            }
        }
        return new Fields(fields);
    }

    private static ObjectNode object(byte[] body, String example) {
        try {
            if (JSON.readTree(body) instanceof ObjectNode object) {
                return object;
            }
            throw new DataException("The body is no JSON object; send one such as " + example + ".");
        } catch (JacksonException e) {
            TokenStreamLocation at = e.getLocation();
            String where = at == null || at.getLineNr() < 1
                    ? ""
                    : " at line " + at.getLineNr() + ", column " + at.getColumnNr();
            throw new DataException(
                    "The body is not valid JSON" + where + "; send an object such as " + example + ".", e);
        }
    }

    boolean has(String name) {
        return fields.has(name);
    }

    String text(String name, String otherwise) {
        JsonNode value = fields.get(name);
        return value == null ? otherwise : string(name, value);
    }

    /** A list of texts. */
    List<String> texts(String name) {
        JsonNode value = fields.get(name);
        if (value == null || !value.isArray()) {
            throw wrong(name, "a list of texts", value);
        }
        List<String> texts = new ArrayList<>();
        for (JsonNode text : value) {
            texts.add(string(name, text));
        }
        return texts;
    }

    int whole(String name, int otherwise, int least, int most) {
        JsonNode value = fields.get(name);
        if (value == null) {
            return otherwise;
        }
        if (!value.isIntegralNumber()
                || !value.canConvertToInt()
                || value.intValue() < least
                || value.intValue() > most) {
            throw wrong(name, "a whole number from " + least + " to " + most, value);
        }
        return value.intValue();
    }

    long seed(String name, long otherwise) {
        JsonNode value = fields.get(name);
        if (value == null) {
            return otherwise;
        }
        if (!value.isIntegralNumber() || !value.canConvertToLong()) {
            throw wrong(name, "a whole number of 64 bits", value);
        }
        return value.longValue();
    }

    double real(String name, double otherwise) {
        JsonNode value = fields.get(name);
        if (value == null) {
            return otherwise;
        }
        if (!value.isNumber()) {
            throw wrong(name, "a number", value);
        }
        return value.doubleValue();
    }

    boolean flag(String name) {
        JsonNode value = fields.get(name);
        if (value != null && !value.isBoolean()) {
            throw wrong(name, "true or false", value);
        }
        return value != null && value.booleanValue();
    }

    private static String string(String name, JsonNode value) {
        if (!value.isString()) {
            throw wrong(name, "a text", value);
        }
        return value.stringValue();
    }

    private static DataException wrong(String name, String wanted, @Nullable JsonNode value) {
        return new DataException("'" + name + "' must be " + wanted + ", not "
                + (value == null ? "left out" : shortened(value.toString())) + ".");
    }

    private static String shortened(String value) {
        return value.length() <= 40 ? value : value.substring(0, 40) + "...";
    }
}
