package dev.tarn.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tarn.CheckpointException;
import dev.tarn.testkit.Seeds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class CheckpointTest {

    private static final String LAST = "last";

    @RegisterExtension
    final Seeds seeds = new Seeds();

    @TempDir
    Path folder;

    @Test
    void everythingComesBackBitForBit() {
        Checkpoint.write(folder.resolve(LAST), contents(1));
        try (Checkpoint checkpoint = Checkpoint.open(folder.resolve(LAST))) {
            assertThat(checkpoint.weights().floats("0.encoder.weight")).containsExactly(1f, 2f, 3f, 4f, 5f, 6f);
            assertThat(checkpoint.weights().metadata()).containsEntry("format", "pt");
            assertThat(checkpoint.optimizer().floats("exp_avg")).containsExactly(0.1f);
            assertThat(checkpoint.hidden().names()).isEmpty();
            TrainingState state = checkpoint.state();
            assertThat(state.integer("step")).isEqualTo(1);
            assertThat(state.integer("seed")).isEqualTo(Long.MIN_VALUE);
            assertThat(state.real("smooth")).isEqualTo(0.1 + 0.2);
            assertThat(state.flag("done")).isTrue();
            assertThat(state.text("optimizer")).isEqualTo("adam");
            assertThat(state.texts("words")).containsExactly("a", "b");
            assertThat(state.reals("odd"))
                    .containsExactly(
                            -0.0, Double.MIN_VALUE, Double.MAX_VALUE, Double.NaN, Double.NEGATIVE_INFINITY, 1 / 3.0);
            assertThat(state.integers("cursor")).containsExactly(3L, Long.MAX_VALUE);
            assertThat(state.has("nothing")).isFalse();
        }
    }

    @Test
    void randomDoublesSurviveTheJson() {
        Random random = seeds.random();
        double[] values = new double[5000];
        Arrays.setAll(values, i -> Double.longBitsToDouble(random.nextLong()));
        TrainingState state = new TrainingState().set("x", values);
        double[] back = TrainingState.parse("it", state.toJson()).reals("x");
        assertThat(Arrays.equals(values, back)).isTrue();
    }

    @Test
    void aMissingOrMistypedKeyIsNamed() {
        TrainingState state = new TrainingState().set("a", "word").set("b", 1.5);
        assertThatThrownBy(() -> state.integer("step"))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("lacks step");
        assertThatThrownBy(() -> state.real("a")).hasMessageContaining("a = \"word\", which is not a number");
        assertThatThrownBy(() -> state.integer("b")).hasMessageContaining("not a whole number");
        assertThatThrownBy(() -> state.reals("b")).hasMessageContaining("not a list");
        assertThatThrownBy(() -> state.flag("b")).hasMessageContaining("not true or false");
        assertThatThrownBy(() -> state.text("b")).hasMessageContaining("not a word");
    }

    @Test
    void aNewerOneReplacesTheOlderAndLeavesNothingBeside() throws IOException {
        Path last = folder.resolve(LAST);
        Checkpoint.write(last, contents(1));
        Checkpoint older = Checkpoint.open(last);
        Checkpoint.write(last, contents(2));
        try (Checkpoint newer = Checkpoint.open(last)) {
            assertThat(newer.state().integer("step")).isEqualTo(2);
            assertThat(newer.weights().floats("0.encoder.weight")[0]).isEqualTo(2f);
        }
        assertThat(older.weights().floats("0.encoder.weight")[0]).isEqualTo(1f);
        older.close();
        assertThat(names(folder)).containsExactly(LAST);
    }

    @Test
    void aFailedWriteKeepsTheOlderOne() throws IOException {
        Path last = folder.resolve(LAST);
        Checkpoint.write(last, contents(1));
        List<TensorEntry> failing = List.of(TensorEntry.floats("w", new int[] {1}, () -> {
            throw new IllegalStateException("device lost");
        }));
        assertThatThrownBy(() -> Checkpoint.write(
                        last, new Checkpoint.Contents(failing, List.of(), List.of(), new TrainingState(), Map.of())))
                .hasMessage("device lost");
        assertThat(names(folder)).containsExactly(LAST);
        assertThat(step(last)).isEqualTo(1);
    }

    @Test
    void aCrashBetweenTheRenamesIsSurvivedByReaderAndWriter() throws IOException {
        Path last = folder.resolve(LAST);
        Checkpoint.write(last, contents(1));
        Files.move(last, folder.resolve(".last.old"));
        Files.createDirectory(folder.resolve(".last.tmp"));
        Files.writeString(folder.resolve(".last.tmp").resolve("model.safetensors"), "half");
        assertThat(Checkpoint.exists(last)).isTrue();
        assertThat(step(last)).isEqualTo(1);
        Checkpoint.write(last, contents(2));
        assertThat(step(last)).isEqualTo(2);
        assertThat(names(folder)).containsExactly(LAST);
    }

    @Test
    void everyMutationIsRefused() throws IOException {
        Path last = folder.resolve(LAST);
        Checkpoint.write(last, contents(1));
        List<Path> files;
        try (Stream<Path> list = Files.list(last)) {
            files = list.sorted().toList();
        }
        assertThat(files).hasSize(5);
        Random random = seeds.random();
        for (int round = 0; round < 600; round++) {
            Path file = files.get(round % files.size());
            byte[] whole = Files.readAllBytes(file);
            int at = random.nextInt(whole.length);
            switch (random.nextInt(4)) {
                case 0 -> Files.write(file, Arrays.copyOf(whole, at));
                case 1 -> Files.write(file, Arrays.copyOf(whole, whole.length + 1 + at));
                case 2 -> {
                    byte[] flipped = whole.clone();
                    flipped[at] ^= (byte) (1 << random.nextInt(8));
                    Files.write(file, flipped);
                }
                default -> Files.delete(file);
            }
            assertThatThrownBy(() -> Checkpoint.open(last).close())
                    .as("round %d, %s", round, file.getFileName())
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageContaining(file.getFileName().toString());
            Files.write(file, whole);
        }
        assertThat(step(last)).isEqualTo(1);
    }

    @Test
    void aFileOfAnotherCheckpointIsRefused() throws IOException {
        Path last = folder.resolve(LAST);
        Path best = folder.resolve("best");
        Checkpoint.write(last, contents(1));
        Checkpoint.write(best, contents(2));
        Files.delete(last.resolve("model.safetensors"));
        Files.copy(best.resolve("model.safetensors"), last.resolve("model.safetensors"));
        assertThatThrownBy(() -> Checkpoint.open(last))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("belongs to another checkpoint");
    }

    @Test
    void whatIsNotACheckpointIsNeitherReadNorReplaced() throws IOException {
        Path notes = Files.createDirectory(folder.resolve("notes"));
        Files.writeString(notes.resolve("a.txt"), "keep");
        assertThatThrownBy(() -> Checkpoint.write(notes, contents(1)))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("is not a checkpoint");
        assertThat(notes.resolve("a.txt")).hasContent("keep");
        assertThatThrownBy(() -> Checkpoint.open(notes)).hasMessageContaining("manifest.txt is missing");
        assertThatThrownBy(() -> Checkpoint.open(folder.resolve("none"))).hasMessageContaining("There is no whole");
        assertThat(Checkpoint.exists(folder.resolve("none"))).isFalse();
    }

    private static Checkpoint.Contents contents(int step) {
        return new Checkpoint.Contents(
                List.of(TensorEntry.floats("0.encoder.weight", new int[] {3, 2}, new float[] {step, 2, 3, 4, 5, 6})),
                List.of(TensorEntry.floats("exp_avg", new int[] {1}, new float[] {0.1f})),
                List.of(),
                new TrainingState()
                        .set("step", step)
                        .set("seed", Long.MIN_VALUE)
                        .set("smooth", 0.1 + 0.2)
                        .set("done", true)
                        .set("optimizer", "adam")
                        .set("words", List.of("a", "b"))
                        .set("odd", new double[] {
                            -0.0, Double.MIN_VALUE, Double.MAX_VALUE, Double.NaN, Double.NEGATIVE_INFINITY, 1 / 3.0
                        })
                        .set("cursor", new long[] {3, Long.MAX_VALUE}),
                Map.of("format", "pt"));
    }

    private static long step(Path checkpoint) {
        try (Checkpoint open = Checkpoint.open(checkpoint)) {
            return open.state().integer("step");
        }
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }
}
