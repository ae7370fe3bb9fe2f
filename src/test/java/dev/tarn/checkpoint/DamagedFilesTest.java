package dev.tarn.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.tarn.CheckpointException;
import dev.tarn.testkit.Golden;
import dev.tarn.testkit.GoldenCase;
import dev.tarn.testkit.Seeds;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Files of every kind with bytes changed, cut off, put in and claimed: each is read or refused as a checkpoint, within a
 * second of processor time and 16 MiB of memory.
 */
class DamagedFilesTest {

    private static final int MUTATIONS = 2_000;
    private static final long MAX_ALLOCATED = 16 << 20;
    private static final long MAX_NANOS = 1_000_000_000L;
    private static final int MAX_FILE = 20_000;

    private static final long[] EXTREMES = {
        -1,
        Long.MAX_VALUE,
        Long.MIN_VALUE,
        Integer.MAX_VALUE,
        Integer.MIN_VALUE,
        0xffffffffL,
        1L << 32,
        1 << 24,
        0xffff,
        0
    };

    /** Each begins with an instruction of the pickle machine, allowed or not. */
    private static final List<byte[]> INSTRUCTIONS = List.of(
            new byte[] {'('},
            new byte[] {'.'},
            new byte[] {'0'},
            new byte[] {'1'},
            new byte[] {'2'},
            new byte[] {'N'},
            new byte[] {']'},
            new byte[] {'}'},
            new byte[] {')'},
            new byte[] {'a'},
            new byte[] {'e'},
            new byte[] {'s'},
            new byte[] {'u'},
            new byte[] {'t'},
            new byte[] {'R'},
            new byte[] {'b'},
            new byte[] {'Q'},
            new byte[] {'l'},
            new byte[] {(byte) 0x85},
            new byte[] {(byte) 0x86},
            new byte[] {(byte) 0x87},
            new byte[] {(byte) 0x93},
            new byte[] {(byte) 0x94},
            new byte[] {(byte) 0x81},
            new byte[] {(byte) 0x88},
            new byte[] {'h', 0},
            new byte[] {'h', 3},
            new byte[] {'q', 5},
            new byte[] {'K', 7},
            new byte[] {'J', -1, -1, -1, -1},
            new byte[] {'j', 0, 0, 0, (byte) 0x80},
            new byte[] {'r', -1, -1, -1, -1},
            new byte[] {'X', -1, -1, -1, 127},
            new byte[] {(byte) 0x8a, -1},
            new byte[] {(byte) 0x8b, -1, -1, -1, 127},
            new byte[] {(byte) 0x8e, 0, 0, 0, 0, 0, 0, 0, 64},
            new byte[] {(byte) 0x80, 4},
            new byte[] {'c', 'o', 's', '\n', 's', 'y', 's', 't', 'e', 'm', '\n'});

    @RegisterExtension
    final Seeds seeds = new Seeds();

    @TempDir
    private Path temp;

    private final IdentityHashMap<byte[], Map<String, byte[]>> archives = new IdentityHashMap<>();

    @Test
    void legacyCheckpoints() {
        mutate(pth("legacy"), DamagedFilesTest::readPth, this::mutated);
    }

    @Test
    void zippedCheckpoints() {
        mutate(pth("zip"), DamagedFilesTest::readPth, this::mutatedZip);
    }

    @Test
    void vocabularies() {
        List<Path> files = new ArrayList<>();
        for (GoldenCase golden : Golden.cases("10-itos")) {
            golden.json().path("files").forEach(file -> files.add(Golden.dir().resolve(file.asString())));
        }
        mutate(files, file -> assertThat(ItosPickle.read(file).size()).isPositive(), this::mutated);
    }

    @Test
    void safetensors() {
        List<Path> files = new ArrayList<>();
        for (GoldenCase golden : Golden.cases("10-checkpoint")) {
            files.add(Golden.dir().resolve(golden.json().path("file").asString()));
        }
        mutate(small(files), DamagedFilesTest::readSafeTensors, this::mutated);
    }

    private static List<Path> pth(String format) {
        List<Path> files = new ArrayList<>();
        for (GoldenCase golden : Golden.cases("10-checkpoint")) {
            golden.json().path("files").forEach(file -> {
                if (file.path("format").asString().equals(format)) {
                    files.add(Golden.dir().resolve(file.path("file").asString()));
                }
            });
        }
        return small(files);
    }

    private static List<Path> small(List<Path> files) {
        return files.stream().filter(file -> file.toFile().length() < MAX_FILE).toList();
    }

    private static void readPth(Path file) {
        try (PthFile pth = PthFile.open(file)) {
            pth.names().forEach(pth::doubles);
            if (FastaiNames.prefix(pth.names()) != null) {
                for (TensorEntry weight : FastaiImport.of(pth).weights()) {
                    assertThat(weight.values().get().remaining()).isEqualTo((int) weight.size());
                }
            }
        }
    }

    private static void readSafeTensors(Path file) {
        try (SafeTensorsFile tensors = SafeTensors.read(file)) {
            tensors.names().forEach(tensors::doubles);
        }
    }

    private interface Mutation {
        byte[] of(byte[] whole, Random random);
    }

    private void mutate(List<Path> files, Consumer<Path> read, Mutation mutation) {
        assumeThat(files).as("golden files of this kind").isNotEmpty();
        Random random = seeds.random();
        int[] refused = new int[1];
        Cost[] worst = {new Cost(0, 0)};
        assertTimeoutPreemptively(Duration.ofMinutes(2), () -> {
            List<byte[]> wholes = new ArrayList<>();
            for (Path file : files) {
                wholes.add(Files.readAllBytes(file));
                read.accept(file);
            }
            Path damaged = temp.resolve("damaged");
            for (int round = 0; round < MUTATIONS; round++) {
                Files.write(damaged, mutation.of(wholes.get(random.nextInt(wholes.size())), random));
                Cost cost = Cost.of(() -> {
                    try {
                        read.accept(damaged);
                    } catch (CheckpointException e) {
                        assertThat(e.getMessage()).contains(damaged.toString()).hasSizeLessThan(1000);
                        refused[0]++;
                    }
                });
                worst[0] = new Cost(
                        Math.max(cost.allocatedBytes(), worst[0].allocatedBytes()),
                        Math.max(cost.cpuNanos(), worst[0].cpuNanos()));
            }
        });
        assertThat(worst[0].allocatedBytes()).isLessThan(MAX_ALLOCATED);
        assertThat(worst[0].cpuNanos()).isLessThan(MAX_NANOS);
        assertThat(refused[0]).isBetween(MUTATIONS / 10, MUTATIONS - 1);
    }

    /** One to three changes, most of them where the structure of the file is: in its beginning. */
    private byte[] mutated(byte[] whole, Random random) {
        byte[] bytes = whole.clone();
        for (int n = bytes.length == 0 ? -1 : random.nextInt(3); n >= 0; n--) {
            int range = random.nextInt(4) == 0 ? bytes.length : Math.max(1, bytes.length / 5);
            int at = random.nextInt(range);
            bytes = switch (random.nextInt(5)) {
                case 0 -> flipped(bytes, at, random);
                case 1 -> random.nextInt(4) == 0 ? Arrays.copyOf(bytes, random.nextInt(bytes.length) + 1) : bytes;
                case 2 -> inserted(bytes, at, INSTRUCTIONS.get(random.nextInt(INSTRUCTIONS.size())));
                case 3 -> inflated(bytes, at, random);
                default -> inserted(bytes, at, Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + 40)));
            };
        }
        return bytes;
    }

    /** As {@link #mutated}, or the same within an archive whose lengths and checksums fit the changed pickle. */
    private byte[] mutatedZip(byte[] whole, Random random) {
        if (random.nextInt(3) == 0) {
            return mutated(whole, random);
        }
        try {
            Map<String, byte[]> known = archives.get(whole);
            if (known == null) {
                known = Zips.entries(whole);
                archives.put(whole, known);
            }
            Map<String, byte[]> entries = new LinkedHashMap<>(known);
            entries.replaceAll((name, bytes) ->
                    name.endsWith("data.pkl") || random.nextInt(40) == 0 ? mutated(bytes, random) : bytes);
            return Zips.stored(entries);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] flipped(byte[] bytes, int at, Random random) {
        for (int n = random.nextInt(4); n >= 0; n--) {
            bytes[(at + random.nextInt(8)) % bytes.length] ^= (byte) (1 << random.nextInt(8));
        }
        return bytes;
    }

    /** Puts an extreme number behind an instruction that has a length or a number, or anywhere. */
    private static byte[] inflated(byte[] bytes, int at, Random random) {
        int place = at;
        for (int i = at; i < Math.min(bytes.length, at + 200); i++) {
            if ("XKMJBqr".indexOf(bytes[i]) >= 0 && random.nextInt(3) == 0) {
                place = i + 1;
                break;
            }
        }
        ByteBuffer number = ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(0, EXTREMES[random.nextInt(EXTREMES.length)]);
        int width = Math.min(1 << random.nextInt(4), bytes.length - place);
        if (width > 0) {
            System.arraycopy(number.array(), 0, bytes, place, width);
        }
        return bytes;
    }

    private static byte[] inserted(byte[] bytes, int at, byte[] more) {
        byte[] longer = new byte[bytes.length + more.length];
        System.arraycopy(bytes, 0, longer, 0, at);
        System.arraycopy(more, 0, longer, at, more.length);
        System.arraycopy(bytes, at, longer, at + more.length, bytes.length - at);
        return longer;
    }
}
