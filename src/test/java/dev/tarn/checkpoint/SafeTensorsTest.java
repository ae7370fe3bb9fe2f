package dev.tarn.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tarn.CheckpointException;
import dev.tarn.testkit.Seeds;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafeTensorsTest {

    @RegisterExtension
    final Seeds seeds = new Seeds();

    @TempDir
    Path folder;

    @Test
    void everyTypeComesBackBitForBitInTheOrderItWasWritten() {
        float[] floats = {1.5f, -0f, Float.NaN, Float.MIN_VALUE, Float.NEGATIVE_INFINITY, 3e38f};
        double[] doubles = {Math.PI, -0.0, Double.MIN_VALUE, Double.NaN};
        Path file = folder.resolve("a.safetensors");
        SafeTensors.write(
                file,
                List.of(
                        TensorEntry.floats("z.weight", new int[] {2, 3}, floats),
                        TensorEntry.doubles("d", new int[] {4}, doubles),
                        TensorEntry.ints("i", new int[] {2}, new int[] {Integer.MIN_VALUE, 7}),
                        TensorEntry.longs("l", new int[] {}, new long[] {Long.MAX_VALUE}),
                        TensorEntry.floats("none", new int[] {0, 5}, new float[0]),
                        TensorEntry.floats("slice", new int[] {2}, floats, 1),
                        new TensorEntry("b", DType.BOOL, new int[] {3}, () -> ByteBuffer.wrap(new byte[] {0, 1, 1}))),
                Map.of("format", "pt", "Ünï \"q\"", "line\nbreak"));
        try (SafeTensorsFile read = SafeTensors.read(file)) {
            assertThat(read.names()).containsExactly("z.weight", "d", "i", "l", "none", "slice", "b");
            assertThat(read.floats("z.weight")).isEqualTo(floats);
            assertThat(read.shape("z.weight")).containsExactly(2, 3);
            assertThat(read.doubles("d")).isEqualTo(doubles);
            assertThat(read.ints("i")).containsExactly(Integer.MIN_VALUE, 7);
            assertThat(read.longs("l")).containsExactly(Long.MAX_VALUE);
            assertThat(read.shape("l")).isEmpty();
            assertThat(read.size("none")).isZero();
            assertThat(read.floats("none")).isEmpty();
            assertThat(read.floats("slice")).containsExactly(-0f, Float.NaN);
            assertThat(read.ints("b")).containsExactly(0, 1, 1);
            assertThat(read.metadata()).isEqualTo(Map.of("format", "pt", "Ünï \"q\"", "line\nbreak"));
        }
    }

    @Test
    void theBytesAreThoseOfTheFormat() throws IOException {
        Path file = folder.resolve("a.safetensors");
        SafeTensors.write(file, List.of(TensorEntry.floats("w", new int[] {1}, new float[] {1f})), Map.of());
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        int header = (int) bytes.getLong();
        assertThat(header % 8).isZero();
        byte[] json = new byte[header];
        bytes.get(json);
        assertThat(new String(json, StandardCharsets.UTF_8).stripTrailing())
                .isEqualTo("{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}");
        assertThat(bytes.getFloat()).isEqualTo(1f);
        assertThat(bytes.hasRemaining()).isFalse();
    }

    @Test
    void tensorsLargerThanTheBufferAreStreamedWhole() {
        Random random = seeds.random();
        int size = SafeTensors.CHUNK_BYTES / 4 * 2 + 17;
        float[] values = new float[size];
        double[] wide = new double[size];
        for (int i = 0; i < size; i++) {
            wide[i] = random.nextDouble();
            values[i] = (float) wide[i];
        }
        Path file = folder.resolve("big.safetensors");
        SafeTensors.write(
                file,
                List.of(
                        TensorEntry.floats("f", new int[] {size}, () -> values),
                        TensorEntry.doubles("d", new int[] {size}, wide)),
                Map.of());
        try (SafeTensorsFile read = SafeTensors.read(file)) {
            assertThat(Arrays.equals(read.floats("f"), values)).isTrue();
            assertThat(Arrays.equals(read.doubles("d"), wide)).isTrue();
            assertThat(Arrays.equals(read.floats("d"), values)).isTrue();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "0x0000, 0",
        "0x8000, -0.0",
        "0x3c00, 1",
        "0xc000, -2",
        "0x7bff, 65504",
        "0x0001, 5.9604644775390625e-8",
        "0x03ff, 6.09755516052246e-5",
        "0x0400, 6.103515625e-5",
        "0x7c00, Infinity",
        "0xfc00, -Infinity",
        "0x7e00, NaN"
    })
    void halfPrecisionIsReadExactly(String half, Float wanted) {
        assertThat(DType.halfToFloat(Integer.decode(half).shortValue())).isEqualTo(wanted);
    }

    @Test
    void brainFloatAndSmallIntegersAreRead() {
        byte[] bytes = {(byte) 0x80, 0x3f, 0x00, (byte) 0xc0};
        Path file = folder.resolve("a.safetensors");
        SafeTensors.write(
                file,
                Stream.of(DType.BF16, DType.I16, DType.U8, DType.I8)
                        .map(type -> new TensorEntry(
                                type.name(), type, new int[] {4 / type.bytes()}, () -> ByteBuffer.wrap(bytes)))
                        .toList(),
                Map.of());
        try (SafeTensorsFile read = SafeTensors.read(file)) {
            assertThat(read.floats("BF16")).containsExactly(1f, -2f);
            assertThat(read.ints("I16")).containsExactly(0x3f80, -0x4000);
            assertThat(read.ints("U8")).containsExactly(0x80, 0x3f, 0, 0xc0);
            assertThat(read.doubles("I8")).containsExactly(-128, 0x3f, 0, -64);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "[] | does not begin with {",
                "{\"a\" 1} | not JSON",
                "{} {} | goes on after",
                "{\"a\":3} | not described by an object",
                "{\"a\":{\"dtype\":\"F8\",\"shape\":[1],\"data_offsets\":[0,4]}} | has the type \"F8\"; known are",
                "{\"a\":{\"dtype\":4,\"shape\":[1],\"data_offsets\":[0,4]}} | dtype that is not a string",
                "{\"a\":{\"shape\":[1],\"data_offsets\":[0,4]}} | lacks its dtype",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}} | does not fill its data_offsets",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}} | whole numbers",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1.0],\"data_offsets\":[0,4]}} | whole numbers",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}} | leaves a hole",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}} | does not fill",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4,8]}} | at most 2",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}} | cut short",
                "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}} | its tensors take 1 bytes",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}} | does not fill",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[0,4294967296],\"data_offsets\":[0,0]}} | dimension of 4294967296",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[99999999999999999999],\"data_offsets\":[0,4]}} | whole numbers",
                "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},\"b\":{\"dtype\":\"U8\",\"shape\":[2],"
                        + "\"data_offsets\":[2,4]}} | \"b\" overlaps",
                "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},\"a\":{\"dtype\":\"U8\",\"shape\":[4],"
                        + "\"data_offsets\":[0,4]}} | not JSON",
                "{\"__metadata__\":{\"a\":1}} | other than a string",
                "{\"__metadata__\":7} | not an object of strings",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"x\":1}} | unknown property",
            })
    void aHeaderThatBreaksARuleIsRefusedWithTheRule(String header, String rule) throws IOException {
        Path file = folder.resolve("bad.safetensors");
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        Files.write(
                file,
                ByteBuffer.allocate(8 + json.length + 4)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(json.length)
                        .put(json)
                        .array());
        assertThatThrownBy(() -> SafeTensors.read(file))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("bad.safetensors")
                .hasMessageContaining(rule);
    }

    @ParameterizedTest
    @CsvSource({"0", "1", "-1", "17", "100000001", "9223372036854775807", "-9223372036854775808"})
    void aHeaderLengthThatCannotBeIsRefused(long length) throws IOException {
        Path file = folder.resolve("bad.safetensors");
        Files.write(
                file,
                ByteBuffer.allocate(24)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(length)
                        .array());
        assertThatThrownBy(() -> SafeTensors.read(file))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("its header claims");
    }

    @Test
    void everyTruncationIsRefused() throws IOException {
        Path file = folder.resolve("a.safetensors");
        SafeTensors.write(file, List.of(TensorEntry.floats("w", new int[] {3}, new float[3])), Map.of("k", "v"));
        byte[] whole = Files.readAllBytes(file);
        for (int length = 0; length < whole.length; length++) {
            Files.write(file, Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> SafeTensors.read(file)).isInstanceOf(CheckpointException.class);
        }
    }

    @Test
    void aMutatedHeaderIsReadOrRefusedButNeverFailsInAnotherWay() throws IOException {
        Path file = folder.resolve("a.safetensors");
        SafeTensors.write(
                file,
                List.of(
                        TensorEntry.floats("w", new int[] {3, 2}, new float[6]),
                        TensorEntry.longs("n", new int[] {2}, new long[2])),
                Map.of("k", "v"));
        byte[] whole = Files.readAllBytes(file);
        Random random = seeds.random();
        int refused = 0;
        for (int round = 0; round < 600; round++) {
            byte[] broken = whole.clone();
            for (int n = random.nextInt(3); n >= 0; n--) {
                broken[random.nextInt(broken.length - 40)] = (byte) random.nextInt(256);
            }
            Files.write(file, broken);
            try (SafeTensorsFile read = SafeTensors.read(file)) {
                read.names().forEach(read::doubles);
            } catch (CheckpointException e) {
                refused++;
            }
        }
        assertThat(refused).isGreaterThan(200);
    }

    @Test
    void whatDoesNotFitIsRefusedInWords() {
        Path file = folder.resolve("a.safetensors");
        SafeTensors.write(
                file,
                List.of(
                        TensorEntry.floats("w", new int[] {2}, new float[2]),
                        TensorEntry.longs("n", new int[] {1}, new long[] {1L << 40})),
                Map.of());
        try (SafeTensorsFile read = SafeTensors.read(file)) {
            assertThatThrownBy(() -> read.requireShape("w", 3, 4))
                    .hasMessageContaining("has shape [2], the model needs [3, 4]");
            read.requireShape("w", 2);
            assertThatThrownBy(() -> read.floats("x")).hasMessageContaining("There is no tensor x in");
            assertThatThrownBy(() -> read.ints("w")).hasMessageContaining("integers are needed");
            assertThatThrownBy(() -> read.ints("n")).hasMessageContaining("does not fit into 32 bits");
            assertThatThrownBy(() -> read.requireNames(Set.of("w"))).hasMessageContaining("Tensor n of");
        }
        assertThatThrownBy(() -> SafeTensors.read(folder.resolve("none")))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("There is no safetensors file");
    }

    @Test
    void aFailedWriteLeavesTheOldFileAndNothingElse() throws IOException {
        Path file = folder.resolve("a.safetensors");
        SafeTensors.write(file, List.of(TensorEntry.floats("w", new int[] {1}, new float[] {4f})), Map.of());
        assertThatThrownBy(() -> SafeTensors.write(
                        file,
                        List.of(
                                TensorEntry.floats("w", new int[] {1}, new float[1]),
                                TensorEntry.floats("v", new int[] {2}, new float[1])),
                        Map.of()))
                .isInstanceOf(RuntimeException.class);
        try (Stream<Path> files = Files.list(folder);
                SafeTensorsFile read = SafeTensors.read(file)) {
            assertThat(files).containsExactly(file);
            assertThat(read.floats("w")).containsExactly(4f);
        }
        assertThatThrownBy(() -> SafeTensors.write(folder.resolve("no/such/a"), List.of(), Map.of()))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("give a folder that exists");
    }
}
