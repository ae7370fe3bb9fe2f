package dev.tarn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tarn.ConfigException;
import dev.tarn.DataException;
import dev.tarn.testkit.Seeds;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class LanguageModelStreamTest {

    @RegisterExtension
    final Seeds seeds = new Seeds();

    /** Documents whose tokens all differ, token i of all being i; some documents are empty. */
    private static Tokens numbered(Random random, int total) {
        List<int[]> documents = new ArrayList<>();
        int next = 0;
        while (next < total) {
            int[] document = new int[Math.min(total - next, random.nextInt(40))];
            for (int i = 0; i < document.length; i++) {
                document[i] = next++;
            }
            documents.add(document);
        }
        return Tokens.of(documents);
    }

    private StreamOptions drawnOptions(Windows windows) {
        return new StreamOptions(
                windows,
                seeds.between(1, 7),
                seeds.between(1, 40),
                seeds.random().nextBoolean(),
                seeds.random().nextBoolean(),
                seeds.seed());
    }

    @Test
    void contiguousStreamsPredictEveryTokenButTheFirstExactlyOnce() {
        for (int i = 0; i < 100; i++) {
            StreamOptions options = drawnOptions(i % 2 == 0 ? Windows.VARIABLE : Windows.CONTIGUOUS);
            int total = seeds.between(options.batch() * (options.bptt() + 1), 3000);
            LanguageModelStream stream = LanguageModelStream.open(numbered(seeds.random(), total), options);
            int epoch = seeds.between(0, 3);
            stream.start(epoch);
            int batch = options.batch();
            int perStream = total / batch;
            int[] seen = new int[total];
            int[] last = new int[batch];
            Arrays.fill(last, -1);
            int windows = 0;
            long predictions = 0;
            while (stream.hasNext()) {
                Batch got = stream.next();
                windows++;
                predictions += got.predictions();
                assertThat(got.steps()).isBetween(1, options.maxSteps());
                for (int b = 0; b < batch; b++) {
                    for (int t = 0; t < got.steps(); t++) {
                        if (last[b] >= 0) {
                            assertThat(got.input(t, b)).isEqualTo(last[b]);
                        }
                        last[b] = got.target(t, b);
                        seen[last[b]]++;
                    }
                }
            }
            assertThat(windows).isEqualTo(stream.windows(epoch));
            assertThat(predictions).isEqualTo(stream.predictions()).isEqualTo((perStream - 1L) * batch);
            assertThat(stream.trimmedTokens()).isEqualTo(total % batch);
            assertThat(Arrays.stream(seen).max().orElseThrow()).isEqualTo(1);
            assertThat(Arrays.stream(seen).sum()).isEqualTo((perStream - 1) * batch);
        }
    }

    @Test
    void withoutShuffleAStreamIsTheTextOrItsMirror() {
        Tokens tokens = numbered(seeds.random(), 100);
        StreamOptions options = StreamOptions.evaluation(1, 7);
        assertThat(targetsOf(LanguageModelStream.open(tokens, options)).get(0)).isEqualTo(0);
        assertThat(targetsOf(LanguageModelStream.open(tokens, options)).get(99)).isEqualTo(99);
        List<Integer> mirrored = targetsOf(LanguageModelStream.open(tokens, options.withBackwards(true)));
        for (int i = 0; i < 100; i++) {
            assertThat(mirrored.get(i)).isEqualTo(99 - i);
        }
    }

    /** The first input and all targets of stream 0. */
    private static List<Integer> targetsOf(LanguageModelStream stream) {
        List<Integer> targets = new ArrayList<>();
        while (stream.hasNext()) {
            Batch batch = stream.next();
            if (targets.isEmpty()) {
                targets.add(batch.input(0, 0));
            }
            for (int t = 0; t < batch.steps(); t++) {
                targets.add(batch.target(t, 0));
            }
        }
        return targets;
    }

    @Test
    void shufflingKeepsDocumentsWholeAndDiffersFromEpochToEpoch() {
        List<int[]> documents = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            documents.add(new int[] {3 * i, 3 * i + 1, 3 * i + 2});
        }
        for (boolean backwards : new boolean[] {false, true}) {
            StreamOptions options = StreamOptions.variable(1, 8, seeds.seed()).withBackwards(backwards);
            LanguageModelStream stream = LanguageModelStream.open(Tokens.of(documents), options);
            List<List<Integer>> epochs = new ArrayList<>();
            for (int epoch = 0; epoch < 3; epoch++) {
                stream.start(epoch);
                List<Integer> text = targetsOf(stream);
                for (int i = 0; i < 180; i += 3) {
                    int first = text.get(i);
                    assertThat(first % 3).isEqualTo(backwards ? 2 : 0);
                    assertThat(text.get(i + 1)).isEqualTo(backwards ? first - 1 : first + 1);
                    assertThat(text.get(i + 2)).isEqualTo(backwards ? first - 2 : first + 2);
                }
                epochs.add(text);
            }
            assertThat(epochs).doesNotHaveDuplicates();
        }
    }

    @Test
    void aStreamContinuesBitForBitFromACursorWhereverItWasTaken() {
        for (int i = 0; i < 60; i++) {
            StreamOptions options = drawnOptions(List.of(Windows.values()).get(i % 3));
            Tokens tokens = numbered(seeds.random(), seeds.between(options.batch() * (options.bptt() + 1), 2000));
            LanguageModelStream whole = LanguageModelStream.open(tokens, options);
            int epoch = seeds.between(0, 4);
            whole.start(epoch);
            int stop = seeds.between(0, whole.windows(epoch));
            for (int w = 0; w < stop; w++) {
                whole.next();
            }
            Cursor cursor = whole.cursor();
            assertThat(cursor).isEqualTo(new Cursor(epoch, stop));
            LanguageModelStream resumed = LanguageModelStream.open(tokens, options);
            resumed.seek(cursor);
            assertThat(resumed.cursor()).isEqualTo(cursor);
            assertThat(remaining(resumed)).isEqualTo(remaining(whole));
            // Going back works as well as going on.
            whole.seek(cursor);
            resumed.seek(cursor);
            assertThat(remaining(whole)).isEqualTo(remaining(resumed));
        }
    }

    private static List<List<Integer>> remaining(LanguageModelStream stream) {
        List<List<Integer>> batches = new ArrayList<>();
        while (stream.hasNext()) {
            Batch batch = stream.next();
            List<Integer> values = new ArrayList<>(List.of(batch.steps(), batch.batch()));
            for (int i = 0; i < batch.predictions(); i++) {
                values.add(batch.inputs()[i]);
                values.add(batch.targets()[i]);
            }
            batches.add(values);
        }
        return batches;
    }

    @Test
    void windowsOfSeveralEpochsAreCountedBeforeTheyAreRead() {
        Tokens tokens = numbered(seeds.random(), 4000);
        LanguageModelStream stream = LanguageModelStream.open(tokens, StreamOptions.variable(3, 20, seeds.seed()));
        long counted = stream.windows(2, 4);
        long read = 0;
        for (int epoch = 2; epoch < 6; epoch++) {
            stream.start(epoch);
            while (stream.hasNext()) {
                stream.next();
                read++;
            }
        }
        assertThat(read).isEqualTo(counted);
        assertThatThrownBy(stream::next).isInstanceOf(NoSuchElementException.class);
    }

    @Test
    void everyFixedWindowIsFullAndNoTokenIsLost() {
        for (int i = 0; i < 60; i++) {
            StreamOptions options = drawnOptions(Windows.FIXED);
            int total = seeds.between(Math.max(2, options.batch()), 1500);
            LanguageModelStream stream = LanguageModelStream.open(numbered(seeds.random(), total), options);
            boolean[] seen = new boolean[total];
            while (stream.hasNext()) {
                Batch batch = stream.next();
                assertThat(batch.steps()).isEqualTo(options.bptt());
                for (int j = 0; j < batch.predictions(); j++) {
                    seen[batch.inputs()[j]] = true;
                }
            }
            for (boolean one : seen) {
                assertThat(one).isTrue();
            }
        }
    }

    @Test
    void readingWindowsAllocatesNothing() {
        Tokens tokens = numbered(seeds.random(), 200_000);
        for (Windows windows : Windows.values()) {
            LanguageModelStream stream =
                    LanguageModelStream.open(tokens, new StreamOptions(windows, 16, 20, true, true, 7));
            long bytes = Long.MAX_VALUE;
            // The first rounds warm up; later ones may still meet the compiler, so the least counts.
            for (int round = 0; round < 5; round++) {
                stream.start(0);
                long before = allocated();
                while (stream.hasNext()) {
                    stream.next();
                }
                bytes = Math.min(bytes, allocated() - before);
            }
            assertThat(bytes).as("%s", windows).isLessThan(1024);
        }
    }

    private static long allocated() {
        var threads = (com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean();
        return threads.getCurrentThreadAllocatedBytes();
    }

    @Test
    void aTextThatIsTooShortIsRefusedWithTheNumbersThatWouldDo() {
        Tokens tokens = numbered(seeds.random(), 500);
        assertThatThrownBy(() -> LanguageModelStream.open(tokens, StreamOptions.variable(8, 70, 1)))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("500 tokens")
                .hasMessageContaining("568")
                .hasMessageContaining("lower --bs to 7");
        assertThatThrownBy(
                        () -> LanguageModelStream.open(numbered(seeds.random(), 70), StreamOptions.variable(1, 70, 1)))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("lower --bptt");
        assertThatThrownBy(() -> LanguageModelStream.open(Tokens.of(1, 2, 3), StreamOptions.evaluation(2, 70)))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("lower --bs to 1");
        assertThatThrownBy(() -> LanguageModelStream.open(Tokens.of(1), StreamOptions.evaluation(1, 70)))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("give more text");
        assertThatThrownBy(() -> LanguageModelStream.open(Tokens.of(1, 2, 3), StreamOptions.fixed(4, 70, 1)))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("3 tokens");
        assertThat(LanguageModelStream.open(Tokens.of(1, 2), StreamOptions.evaluation(1, 70))
                        .predictions())
                .isEqualTo(1);
    }

    @Test
    void optionsOutOfRangeAreRefusedWithTheFlagToMend() {
        assertThatThrownBy(() -> StreamOptions.variable(0, 70, 1))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("--bs");
        assertThatThrownBy(() -> StreamOptions.variable(4, 0, 1))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("--bptt");
        assertThatThrownBy(() -> StreamOptions.variable(1 << 20, 1 << 20, 1))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("lower --bs or --bptt");
    }

    @Test
    void aCursorOfAnotherTextIsRefused() {
        LanguageModelStream stream =
                LanguageModelStream.open(numbered(seeds.random(), 1000), StreamOptions.variable(4, 20, 1));
        int windows = stream.windows(2);
        stream.seek(new Cursor(2, windows));
        assertThat(stream.hasNext()).isFalse();
        stream.seek(new Cursor(0, 1));
        assertThatThrownBy(() -> stream.seek(new Cursor(2, windows + 1)))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("window " + (windows + 1) + " of epoch 2");
        assertThat(stream.cursor()).isEqualTo(new Cursor(0, 1));
    }

    @Test
    void windowsThatCannotBeCountedAreRefused() {
        Tokens endless = new Tokens() {
            @Override
            public long numTokens() {
                return 1L << 40;
            }

            @Override
            public int numDocuments() {
                return 1;
            }

            @Override
            public long documentOffset(int document) {
                return document * numTokens();
            }

            @Override
            public void copy(long start, int[] dst, int at, int count) {
                throw new AssertionError("nothing should be read");
            }
        };
        for (Windows windows : Windows.values()) {
            assertThatThrownBy(
                            () -> LanguageModelStream.open(endless, new StreamOptions(windows, 1, 2, false, false, 1)))
                    .isInstanceOf(DataException.class)
                    .hasMessageContaining("raise --bs or --bptt");
        }
    }

    @Test
    void everyPermutationOfFourIsDrawnAboutEquallyOften() {
        int[] counts = new int[256];
        int draws = 24_000;
        int[] order = new int[4];
        for (int epoch = 0; epoch < draws; epoch++) {
            Shuffle.permutation(
                    new dev.tarn.backend.RandomKey(9, dev.tarn.backend.RandomKey.Purpose.SHUFFLE, 0, epoch), order);
            counts[order[0] << 6 | order[1] << 4 | order[2] << 2 | order[3]]++;
        }
        // 24 permutations, 1000 draws each on average; chi-square with 23 degrees of freedom is below 62 but for 1 in
        // 1e5.
        double chiSquare = 0;
        int permutations = 0;
        for (int count : counts) {
            if (count > 0) {
                permutations++;
                chiSquare += (count - 1000.0) * (count - 1000.0) / 1000;
            }
        }
        assertThat(permutations).isEqualTo(24);
        assertThat(chiSquare).isLessThan(62);
    }
}
