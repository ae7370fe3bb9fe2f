package dev.tarn.checkpoint;

import dev.tarn.CheckpointException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;

/**
 * Reads the header of a safetensors file token by token, so that a hostile one costs no more memory than its own length,
 * and checks every rule of the format.
 */
final class SafeTensorsHeader {

    /** More dimensions than any library of tensors allows. */
    static final int MAX_RANK = 64;

    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private final Path file;
    private final Map<String, SafeTensorsFile.Entry> entries = new LinkedHashMap<>();
    private final Map<String, String> metadata = new HashMap<>();

    private SafeTensorsHeader(Path file) {
        this.file = file;
    }

    static SafeTensorsFile read(Path file, FileChannel channel) throws IOException {
        SafeTensorsHeader header = new SafeTensorsHeader(file);
        long fileBytes = channel.size();
        if (fileBytes < 8) {
            throw header.broken("it has " + fileBytes + " bytes, fewer than the 8 of the header's length");
        }
        ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
        header.readFully(channel, length, 0);
        long headerBytes = length.getLong(0);
        if (headerBytes < 2 || headerBytes > SafeTensors.MAX_HEADER_BYTES || headerBytes > fileBytes - 8) {
            throw header.broken("its header claims " + Long.toUnsignedString(headerBytes) + " bytes; allowed are 2 to "
                    + Math.min(SafeTensors.MAX_HEADER_BYTES, fileBytes - 8));
        }
        ByteBuffer json = ByteBuffer.allocate((int) headerBytes);
        header.readFully(channel, json, 8);
        try {
            header.parse(json.array());
        } catch (JacksonException e) {
            throw header.broken("its header is not JSON (" + e.getOriginalMessage() + ")", e);
        }
        long dataStart = 8 + headerBytes;
        header.checkOffsets(fileBytes - dataStart);
        return new SafeTensorsFile(file, channel, dataStart, header.entries, header.metadata);
    }

    private void readFully(FileChannel channel, ByteBuffer target, long position) throws IOException {
        while (target.hasRemaining()) {
            if (channel.read(target, position + target.position()) < 0) {
                throw broken("it ends within its header");
            }
        }
    }

    private void parse(byte[] json) {
        if (json[0] != '{') {
            throw broken("its header does not begin with {");
        }
        try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), json)) {
            parser.nextToken();
            while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                String name = parser.currentName();
                if (name.equals(SafeTensors.METADATA)) {
                    parseMetadata(parser);
                } else {
                    entries.put(name, parseEntry(parser, name));
                }
            }
            if (parser.nextToken() != null) {
                throw broken("its header goes on after the closing }");
            }
        }
    }

    private void parseMetadata(JsonParser parser) {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw broken(SafeTensors.METADATA + " is not an object of strings");
        }
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
            String key = parser.currentName();
            if (parser.nextToken() != JsonToken.VALUE_STRING) {
                throw broken(SafeTensors.METADATA + " holds something other than a string under " + quoted(key));
            }
            metadata.put(key, parser.getString());
        }
    }

    private SafeTensorsFile.Entry parseEntry(JsonParser parser, String name) {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw brokenTensor(name, "is not described by an object");
        }
        DType dtype = null;
        long[] shape = null;
        long[] offsets = null;
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
            switch (parser.currentName()) {
                case "dtype" -> dtype = parseType(parser, name);
                case "shape" -> shape = parseNumbers(parser, name, "shape", MAX_RANK);
                case "data_offsets" -> offsets = parseNumbers(parser, name, "data_offsets", 2);
                default -> throw brokenTensor(name, "has an unknown property " + quoted(parser.currentName()));
            }
        }
        if (dtype == null || shape == null || offsets == null || offsets.length != 2) {
            throw brokenTensor(name, "lacks its dtype, its shape or its two data_offsets");
        }
        long expected = byteSize(shape, dtype);
        if (expected < 0 || offsets[1] - offsets[0] != expected) {
            throw brokenTensor(
                    name,
                    "of shape " + Arrays.toString(shape) + " and type " + dtype + " does not fill its data_offsets "
                            + Arrays.toString(offsets));
        }
        int[] dimensions = new int[shape.length];
        for (int axis = 0; axis < shape.length; axis++) {
            if (shape[axis] > Integer.MAX_VALUE) {
                throw brokenTensor(name, "has a dimension of " + shape[axis] + "; allowed are 0 to 2147483647");
            }
            dimensions[axis] = (int) shape[axis];
        }
        return new SafeTensorsFile.Entry(dtype, dimensions, offsets[0], offsets[1]);
    }

    private DType parseType(JsonParser parser, String name) {
        if (parser.nextToken() == JsonToken.VALUE_STRING) {
            String word = parser.getString();
            for (DType dtype : DType.values()) {
                if (dtype.name().equals(word)) {
                    return dtype;
                }
            }
            throw brokenTensor(name, "has the type " + quoted(word) + "; known are " + Arrays.toString(DType.values()));
        }
        throw brokenTensor(name, "has a dtype that is not a string");
    }

    private long[] parseNumbers(JsonParser parser, String name, String property, int most) {
        if (parser.nextToken() != JsonToken.START_ARRAY) {
            throw brokenTensor(name, "has a " + property + " that is not an array");
        }
        long[] numbers = new long[most];
        int count = 0;
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            boolean whole = parser.currentToken() == JsonToken.VALUE_NUMBER_INT
                    && parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER;
            if (!whole || parser.getLongValue() < 0 || count == most) {
                throw brokenTensor(
                        name,
                        "has a " + property + " that is not an array of at most " + most
                                + " whole numbers from 0 to 2^63-1");
            }
            numbers[count++] = parser.getLongValue();
        }
        return Arrays.copyOf(numbers, count);
    }

    /** Shape times element size, or -1 if that does not fit into 63 bits. */
    private static long byteSize(long[] shape, DType dtype) {
        for (long dimension : shape) {
            if (dimension == 0) {
                return 0;
            }
        }
        try {
            long product = dtype.bytes();
            for (long dimension : shape) {
                product = Math.multiplyExact(product, dimension);
            }
            return product;
        } catch (ArithmeticException e) {
            return -1;
        }
    }

    private void checkOffsets(long dataBytes) {
        List<Map.Entry<String, SafeTensorsFile.Entry>> inOrder = new ArrayList<>(entries.entrySet());
        inOrder.sort(Comparator.comparing(
                Map.Entry::getValue,
                Comparator.comparingLong(SafeTensorsFile.Entry::begin).thenComparingLong(SafeTensorsFile.Entry::end)));
        long position = 0;
        for (Map.Entry<String, SafeTensorsFile.Entry> tensor : inOrder) {
            SafeTensorsFile.Entry entry = tensor.getValue();
            if (entry.begin() != position) {
                throw brokenTensor(
                        tensor.getKey(),
                        (entry.begin() < position ? "overlaps the one before it" : "leaves a hole before it")
                                + ": it begins at byte " + entry.begin() + " instead of " + position);
            }
            if (entry.end() > dataBytes) {
                throw brokenTensor(
                        tensor.getKey(),
                        "ends at byte " + entry.end() + " of the data, of which there are " + dataBytes
                                + "; the file is cut short");
            }
            position = entry.end();
        }
        if (position != dataBytes) {
            throw broken("its tensors take " + position + " bytes of data and there are " + dataBytes);
        }
    }

    private CheckpointException brokenTensor(String name, String what) {
        return broken("tensor " + quoted(name) + " " + what);
    }

    private CheckpointException broken(String what) {
        return broken(what, null);
    }

    private CheckpointException broken(String what, @Nullable Exception cause) {
        String message = file + " is not a whole safetensors file: " + what + ".";
        return cause == null ? new CheckpointException(message) : new CheckpointException(message, cause);
    }

    /** A name from the file, cut to a length that a message can hold and free of control characters. */
    private static String quoted(@Nullable String name) {
        String text = String.valueOf(name);
        String cut = text.length() > 80 ? text.substring(0, 80) + "…" : text;
        return '"' + cut.replaceAll("\\p{Cntrl}", "?") + '"';
    }
}
