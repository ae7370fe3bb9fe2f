package dev.tarn.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tarn.CheckpointException;
import dev.tarn.testkit.Pickles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PthArchiveTest {

    @TempDir
    private Path temp;

    private static Map<String, byte[]> archive() {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        entries.put(
                "m/data.pkl",
                new Pickles()
                        .op('}')
                        .text("w")
                        .global("torch._utils", "_rebuild_tensor_v2")
                        .op('(')
                        .storage("0", 6)
                        .op('K', 0, 'K', 3, 'K', 2, 0x86, 'K', 1, 'K', 3, 0x86, 0x89, '}', 't', 'R', 's', '.')
                        .bytes());
        byte[] floats = new byte[24];
        for (int i = 0; i < 6; i++) {
            ByteBuffer.wrap(floats).order(ByteOrder.LITTLE_ENDIAN).putFloat(4 * i, i);
        }
        entries.put("m/data/0", floats);
        return entries;
    }

    private Path file(byte[] bytes) throws IOException {
        return Files.write(temp.resolve("model.pth"), bytes);
    }

    private AbstractThrowableAssert<?, ?> refused(byte[] bytes) throws IOException {
        Path file = file(bytes);
        return assertThatThrownBy(() -> {
                    try (PthFile pth = PthFile.open(file)) {
                        pth.names().forEach(pth::floats);
                    }
                })
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("model.pth");
    }

    @Test
    void archivesOfBothSizesAreReadWithTheirStrides() throws IOException {
        byte[] archive = Zips.stored(archive());
        for (byte[] bytes : new byte[][] {archive, Zips.in64Bits(archive)}) {
            try (PthFile pth = PthFile.open(file(bytes))) {
                assertThat(pth.floats("w")).containsExactly(0, 3, 1, 4, 2, 5);
                assertThat(pth.shape("w")).containsExactly(3, 2);
            }
        }
    }

    @Test
    void aCompressedEntryIsRefusedSoThatNoneCanUnfold() throws IOException {
        Map<String, byte[]> bomb = archive();
        bomb.put("m/data/0", new byte[50_000_000]);
        byte[] bytes = Zips.deflated(bomb);
        assertThat(bytes.length).isLessThan(100_000);
        refused(bytes).hasMessageContaining("compressed");
    }

    @Test
    void namesOfEntriesNeverBecomePaths() throws IOException {
        Map<String, byte[]> entries = archive();
        entries.put("../../outside", new byte[] {1});
        entries.put("/absolute", new byte[] {1});
        entries.put("C:\\windows", new byte[] {1});
        try (PthFile pth = PthFile.open(file(Zips.stored(entries)))) {
            assertThat(pth.names()).containsExactly("w");
        }
        assertThat(temp.resolve("../../outside")).doesNotExist();
        try (Stream<Path> files = Files.list(temp)) {
            assertThat(files).hasSize(1);
        }
    }

    @Test
    void entriesThatAreMissingTwiceOrOfAnotherSizeAreRefused() throws IOException {
        Map<String, byte[]> entries = archive();
        entries.put("n/data.pkl", new byte[0]);
        refused(Zips.stored(entries)).hasMessageContaining("2 entries data.pkl");
        entries = archive();
        entries.remove("m/data.pkl");
        refused(Zips.stored(entries)).hasMessageContaining("0 entries data.pkl");
        entries = archive();
        entries.remove("m/data/0");
        refused(Zips.stored(entries)).hasMessageContaining("lacks \"m/data/0\"");
        entries = archive();
        entries.put("m/data/0", new byte[20]);
        refused(Zips.stored(entries)).hasMessageContaining("has 20 bytes and its tensors say 24");
        entries = archive();
        entries.put("m/byteorder", "big".getBytes(StandardCharsets.US_ASCII));
        refused(Zips.stored(entries)).hasMessageContaining("little-endian");
    }

    @Test
    void aChangedBitIsFoundByTheChecksum() throws IOException {
        byte[] whole = Zips.stored(archive());
        for (int at = 0; at < whole.length; at++) {
            byte[] bytes = whole.clone();
            bytes[at] ^= 0x10;
            Path file = file(bytes);
            try (PthFile pth = PthFile.open(file)) {
                assertThat(pth.floats("w")).containsExactly(0, 3, 1, 4, 2, 5);
            } catch (CheckpointException e) {
                assertThat(e.getMessage()).contains("model.pth");
            }
        }
        byte[] bytes = whole.clone();
        bytes[new String(whole, StandardCharsets.ISO_8859_1).indexOf("m/data/0") + 8 + 5] ^= 1;
        refused(bytes).hasMessageContaining("checksum");
    }
}
