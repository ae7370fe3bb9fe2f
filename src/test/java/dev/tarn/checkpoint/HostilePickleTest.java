package dev.tarn.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tarn.CheckpointException;
import dev.tarn.testkit.Pickles;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Pickles that want to do harm are refused by name; nothing is run, and nothing grows beyond its bound. */
@Timeout(30)
class HostilePickleTest {

    @TempDir
    private Path temp;

    private AbstractThrowableAssert<?, ?> vocabulary(Pickles pickle) throws IOException {
        Path file = Files.write(temp.resolve("itos.pkl"), pickle.bytes());
        return assertThatThrownBy(() -> ItosPickle.read(file))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("itos.pkl");
    }

    private Path legacy(Pickles object, Pickles keysAndStorages) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(Pickles.legacyHead());
        bytes.writeBytes(object.bytes());
        bytes.writeBytes(keysAndStorages.bytes());
        return Files.write(temp.resolve("model.pth"), bytes.toByteArray());
    }

    private AbstractThrowableAssert<?, ?> checkpoint(Pickles object) throws IOException {
        Path file = legacy(object, new Pickles().op(']', '.'));
        return assertThatThrownBy(() -> PthFile.open(file))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("model.pth");
    }

    @ParameterizedTest
    @CsvSource({
        "posix, system",
        "os, system",
        "nt, system",
        "subprocess, Popen",
        "builtins, eval",
        "__builtin__, eval",
        "builtins, exec",
        "builtins, getattr",
        "builtins, open",
        "importlib, import_module",
        "operator, attrgetter",
        "torch.hub, load",
        "torch, load",
        "torch._utils, _rebuild_sparse_tensor",
        "collections, OrderedDict.__init__",
        "fastai.basic_train, Learner",
        "numpy, load",
        "_codecs, decode",
        "torch.storage, _load_from_bytes",
    })
    void aCallOfAnythingElseIsRefusedByItsNameAndNotMade(String module, String name) throws IOException {
        Path witness = temp.resolve("witness");
        Pickles call =
                new Pickles().global(module, name).text("touch " + witness).op(0x85, 'R', '.');
        vocabulary(call)
                .hasMessageContaining('"' + module + '.' + name + '"')
                .hasMessageContaining("nothing of it was run");
        checkpoint(call).hasMessageContaining('"' + module + '.' + name + '"');
        vocabulary(new Pickles().text(module).text(name).op(0x93, '.'))
                .hasMessageContaining('"' + module + '.' + name + '"');
        assertThat(witness).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(
            ints = {
                'i', 'o', 'P', 'I', 'L', 'S', 'V', 'd', 'p', 'g', 'F', 'T', 'U', '2', 0x80, 0x81, 0x82, 0x83, 0x84,
                0x8f, 0x90, 0x91, 0x92, 0x96, 0x97, 0x98, 0, 255
            })
    void anInstructionThatIsNotForDataIsRefusedByItsNumber(int instruction) throws IOException {
        vocabulary(new Pickles().op(']', '(', instruction, 'x', '\n', 'y', '\n', '.'))
                .hasMessageContaining("instruction 0x" + Integer.toHexString(instruction));
    }

    @Test
    void whatIsAllowedByNameCannotBeCalledInAnotherWay() throws IOException {
        checkpoint(new Pickles().global("torch", "FloatStorage").number(1 << 30).op(0x85, 'R', '.'))
                .hasMessageContaining("calls torch.FloatStorage with 1 arguments");
        checkpoint(new Pickles().global("collections", "OrderedDict").op(']', 0x85, 'R', '.'))
                .hasMessageContaining("calls collections.OrderedDict with 1 arguments");
        checkpoint(new Pickles().text("text").op(')', 'R', '.')).hasMessageContaining("cannot be called");
        checkpoint(new Pickles().op(']', '}', 'b', '.')).hasMessageContaining("gives a state to what has none");
        checkpoint(new Pickles()
                        .global("_codecs", "encode")
                        .text("a")
                        .text("utf8")
                        .op(0x86, 'R', '.'))
                .hasMessageContaining("latin1");
        vocabulary(new Pickles().storage("0", 1).op('.')).hasMessageContaining("data outside of it");
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, Long.MAX_VALUE, Long.MIN_VALUE, 1L << 62, 1L << 31, 1 << 20})
    void aLengthThatTheFileDoesNotHaveIsRefusedBeforeAnythingIsAllocated(long length) throws IOException {
        for (int instruction : new int[] {0x8d, 0x8e}) {
            vocabulary(new Pickles().op(instruction).i64(length).text("x").op('.'))
                    .hasMessageContaining("claims " + Long.toUnsignedString(length) + " bytes");
        }
        for (int instruction : new int[] {'X', 'B'}) {
            if ((int) length != 0) {
                vocabulary(new Pickles().op(instruction).i32((int) length).op('.'))
                        .hasMessageContaining("claims ");
            }
        }
        vocabulary(new Pickles().op(0x8b).i32((int) (length | 0x1000)).op('.'))
                .hasMessageContaining("an integer claims");
    }

    @Test
    void aStackThatDoesNotHoldWhatIsAskedForIsRefused() throws IOException {
        for (int instruction :
                new int[] {'0', '1', 'a', 'e', 's', 'u', 't', 'l', 'R', 'b', 'Q', 'q', 0x93, 0x94, '.'}) {
            vocabulary(new Pickles().op(instruction, 0, '.'));
            vocabulary(new Pickles().op(']', '(', instruction, 0, '.'));
        }
        vocabulary(new Pickles().op(']', ']', '.')).hasMessageContaining("leaves values over");
        vocabulary(new Pickles().op('h', 7, '.')).hasMessageContaining("recalls value 7");
        vocabulary(new Pickles().op(']', 'r').i32(1 << 31).op('j').i32(1).op('.'))
                .hasMessageContaining("recalls value 1");
        vocabulary(new Pickles().op(']')).hasMessageContaining("ends in the middle");
        vocabulary(new Pickles().op('c').raw(new byte[300])).hasMessageContaining("a name is longer");
    }

    @Test
    void aListOrDictInsideItselfComesToAnEnd() throws IOException {
        vocabulary(new Pickles().op(']', 'q', 0, 'h', 0, 'a', '.')).hasMessageContaining("entry 0");
        checkpoint(new Pickles().op(']', 'r').i32(1 << 31).op('j').i32(1 << 31).op('a', '.'))
                .hasMessageContaining("nests deeper");
        checkpoint(new Pickles().op('}', 'q', 0).text("k").op('h', 0, 's', '.')).hasMessageContaining("nests deeper");
        checkpoint(new Pickles().op('}', ')', 'N', 's', '.')).hasMessageContaining("key of a dict");
    }

    @Test
    void deepNestingAndSharedListsThatWouldUnfoldWithoutEndAreRefused() throws IOException {
        vocabulary(new Pickles().times(500_000, ']').times(499_999, 'a').op('.'))
                .hasMessageContaining("entry 0");
        checkpoint(new Pickles().times(500_000, ']').times(499_999, 'a').op('.'))
                .hasMessageContaining("nests deeper");
        Pickles laughs = new Pickles().op(')', 'q', 0);
        for (int level = 1; level < 30; level++) {
            laughs.op('0', '(').times(50, 'h', level - 1).op('t', 'q', level);
        }
        checkpoint(laughs.op('.')).hasMessageContaining("more than 100000 values");
    }

    @Test
    void whatIsTooLargeIsRefusedWithItsBound() throws IOException {
        vocabulary(new Pickles()
                        .op(']')
                        .times(PickleReader.MAX_INSTRUCTIONS, 'N', '0')
                        .op('.'))
                .hasMessageContaining("more than 2000000 instructions");
        vocabulary(new Pickles().op('X').i32(PickleInput.MAX_BYTES).raw(new byte[PickleInput.MAX_BYTES]))
                .hasMessageContaining("are left");
        Pickles bytes = new Pickles()
                .global("_codecs", "encode")
                .op('q', 0)
                .text("a".repeat(1 << 20))
                .op('q', 1, '0');
        bytes.text("latin1").op('q', 2, '0', '0').times(40, 'h', 0, 'h', 1, 'h', 2, 0x86, 'R', '0');
        vocabulary(bytes.op('N', '.')).hasMessageContaining("its bytes are more than");
    }

    @Test
    void theLargestPicklesTakeLessMemoryThanStated() throws IOException {
        int third = PickleReader.MAX_INSTRUCTIONS / 3 - 10;
        List<Pickles> worst = List.of(
                new Pickles().op(']', '(').times(third, ']', 'N', 'a').op('e', '.'),
                new Pickles().op(']', '(').times(third, 'N', 0x85, 0x85).op('e', '.'),
                new Pickles().op(']', '(').times(third, '}', 0x94, '0').op('e', '.'),
                new Pickles().op(']', '(').times(third, 0x8c, 1, 'a', 0x94, '0').op('e', '.'));
        for (Pickles pickle : worst) {
            Path file = Files.write(temp.resolve("itos.pkl"), pickle.bytes());
            long allocated = Cost.of(() ->
                            assertThatThrownBy(() -> ItosPickle.read(file)).isInstanceOf(CheckpointException.class))
                    .allocatedBytes();
            // Everything ever allocated, so more than was ever held: lists that grew count with all their lengths.
            assertThat(allocated).isLessThan(320L << 20);
        }
    }

    @Test
    void aTensorStaysWithinItsStorageAndItsFile() throws IOException {
        checkpoint(tensor(8, 1, 8, 1)).hasMessageContaining("reaches element 8 of a storage that has 8");
        checkpoint(tensor(8, 0, Integer.MAX_VALUE, 1)).hasMessageContaining("reaches element 2147483646");
        checkpoint(tensor(8, 0, -1, 1)).hasMessageContaining("no whole number from 0");
        checkpoint(tensor(8, 0, 4, -1)).hasMessageContaining("no whole number from 0");
        checkpoint(tensor(Integer.MAX_VALUE, 0, 4, 1)).hasMessageContaining("more than the file has bytes");
        checkpoint(tensor(-3, 0, 4, 1)).hasMessageContaining("more than the file has bytes");
        checkpoint(tensor(8, 0, 4, 1)).hasMessageContaining("lacks storage");
        Path repeated = legacy(tensor(1, 0, 100_000_000, 0), storages("0", 1, 1));
        assertThatThrownBy(() -> PthFile.open(repeated)).hasMessageContaining("larger than the file");
    }

    @Test
    void storagesThatDoNotFitTheirTensorsAreRefused() throws IOException {
        Consumer<Pickles> refused = storages -> {
            try {
                Path file = legacy(tensor(8, 0, 8, 1), storages);
                assertThatThrownBy(() -> PthFile.open(file)).isInstanceOf(CheckpointException.class);
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        };
        try (PthFile whole = PthFile.open(legacy(tensor(8, 0, 8, 1), storages("0", 8, 8)))) {
            assertThat(whole.floats("w")).isEqualTo(new float[8]);
        }
        refused.accept(storages("0", 9, 9));
        refused.accept(storages("0", 8, 7));
        refused.accept(storages("0", 8, 9));
        refused.accept(storages("1", 8, 8));
        refused.accept(storages("0", -1, 8));
        refused.accept(new Pickles().op('N', '.'));
        refused.accept(new Pickles().op(']', 'N', 'a', '.'));
    }

    /** {"w": a tensor of one dimension of floats in storage "0"}. */
    private static Pickles tensor(int elements, int offset, int size, int stride) {
        return new Pickles()
                .op('}')
                .text("w")
                .global("torch._utils", "_rebuild_tensor_v2")
                .op('(')
                .storage("0", elements)
                .number(offset)
                .number(size)
                .op(0x85)
                .number(stride)
                .op(0x85, 0x89, '}', 't', 'R', 's', '.');
    }

    private static Pickles storages(String key, long claimed, int elements) {
        return new Pickles().op(']').text(key).op('a', '.').i64(claimed).raw(new byte[4 * elements]);
    }

    @Test
    void whatIsNoFileOfFastaiIsRefusedInWords() throws IOException {
        Path file = temp.resolve("model.pth");
        for (byte[] bytes : List.of(new byte[0], new byte[1], "#!/bin/sh\n".getBytes(StandardCharsets.US_ASCII))) {
            Files.write(file, bytes);
            assertThatThrownBy(() -> PthFile.open(file)).hasMessageContaining("is not a .pth file");
        }
        Files.write(file, Pickles.itos(List.of("a")));
        assertThatThrownBy(() -> PthFile.open(file)).hasMessageContaining("not one of torch.save");
        assertThatThrownBy(() -> PthFile.open(temp.resolve("none"))).hasMessageContaining("There is no file");
        assertThatThrownBy(() -> ItosPickle.read(temp)).hasMessageContaining("There is no vocabulary");
        for (Pickles pickle : List.of(
                new Pickles().op('}', '.'),
                new Pickles().op(']', '.'),
                new Pickles().op('N', '.', 'N'),
                new Pickles().op(']', 'N', 'a', '.'),
                new Pickles().op('X').i32(1).op(0xff, '.'))) {
            vocabulary(pickle);
        }
        try (Stream<Path> files = Files.list(temp)) {
            assertThat(files).hasSize(2);
        }
    }
}
