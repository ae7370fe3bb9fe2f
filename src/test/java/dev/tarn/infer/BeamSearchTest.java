package dev.tarn.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tarn.ConfigException;
import dev.tarn.DataException;
import dev.tarn.backend.Arena;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Devices;
import dev.tarn.backend.Precision;
import dev.tarn.backend.Tensor;
import dev.tarn.infer.BeamSearch.Found;
import dev.tarn.model.AwdLstmConfig;
import dev.tarn.model.LanguageModel;
import dev.tarn.model.LmWorkspace;
import dev.tarn.testkit.Seeds;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class BeamSearchTest {

    private static final int VOCAB = 6;
    private static final int WORDS = 4;

    @RegisterExtension
    final Seeds seeds = new Seeds();

    /** A model whose next logits are noise that depends on the whole text. */
    private static final class Noise implements BeamSearch.Texts {

        private final long seed;
        private List<List<Integer>> texts = List.of(List.of());
        private int widest;

        Noise(long seed) {
            this.seed = seed;
        }

        @Override
        public void read(int[] parents, int[] tokens) {
            List<List<Integer>> next = new ArrayList<>();
            for (int i = 0; i < parents.length; i++) {
                List<Integer> text = new ArrayList<>(texts.get(parents[i]));
                text.add(tokens[i]);
                next.add(text);
            }
            texts = next;
            widest = Math.max(widest, next.size());
        }

        @Override
        public void logits(int text, double[] values) {
            Random noise = new Random(seed * 31 + texts.get(text).hashCode());
            Arrays.setAll(values, i -> 2 * noise.nextGaussian());
        }
    }

    /** Every text of a length with its score, the best first. */
    private static List<Found> exhaustively(long seed, int forbidden) {
        List<Found> all = new ArrayList<>();
        for (int code = 0; code < Math.pow(VOCAB, WORDS); code++) {
            int[] tokens = digits(code, VOCAB, WORDS);
            Noise noise = new Noise(seed);
            double[] logits = new double[VOCAB];
            double score = 0;
            for (int token : tokens) {
                noise.logits(0, logits);
                score -= Math.log(Math.exp(logits[token])
                        / Arrays.stream(logits).map(Math::exp).sum());
                noise.read(new int[1], new int[] {token});
            }
            if (Arrays.stream(tokens).noneMatch(token -> token == forbidden)) {
                all.add(new Found(tokens, score));
            }
        }
        all.sort(Comparator.comparingDouble(Found::score));
        return all;
    }

    private static int[] digits(int code, int base, int count) {
        int[] digits = new int[count];
        for (int i = 0, rest = code; i < count; i++, rest /= base) {
            digits[i] = rest % base;
        }
        return digits;
    }

    private static void assertSame(List<Found> found, List<Found> expected) {
        assertThat(found).hasSameSizeAs(expected);
        for (int i = 0; i < found.size(); i++) {
            assertThat(found.get(i).tokens())
                    .as("text %d", i)
                    .isEqualTo(expected.get(i).tokens());
            assertThat(found.get(i).score()).isCloseTo(expected.get(i).score(), within(1e-9));
        }
    }

    @Test
    void aBeamThatHoldsEveryTextFindsAllInOrder() {
        for (int round = 0; round < 5; round++) {
            long seed = seeds.random().nextLong();
            Beam all = new Beam(2000, VOCAB, 0, false);
            assertSame(BeamSearch.search(new Noise(seed), VOCAB, 3, WORDS, all), exhaustively(seed, -1));
            Beam known = new Beam(2000, VOCAB, 0, true);
            assertSame(BeamSearch.search(new Noise(seed), VOCAB, 3, WORDS, known), exhaustively(seed, 3));
        }
    }

    @Test
    void aNarrowBeamKeepsNoMoreTextsAndScoresThemRight() {
        for (int round = 0; round < 5; round++) {
            long seed = seeds.random().nextLong();
            Noise noise = new Noise(seed);
            List<Found> found = BeamSearch.search(noise, VOCAB, 0, WORDS, new Beam(7, 3, 0, false));
            List<Found> all = exhaustively(seed, -1);
            assertThat(noise.widest).isEqualTo(7);
            assertThat(found).hasSize(7).isSortedAccordingTo(Comparator.comparingDouble(Found::score));
            for (Found text : found) {
                Found same = all.stream()
                        .filter(other -> Arrays.equals(other.tokens(), text.tokens()))
                        .findAny()
                        .orElseThrow();
                assertThat(text.score()).isCloseTo(same.score(), within(1e-9));
            }
        }
    }

    @Test
    void aBeamOfOneIsGreedy() {
        long seed = seeds.seed();
        Noise noise = new Noise(seed);
        double[] logits = new double[VOCAB];
        int[] greedy = new int[WORDS];
        for (int i = 0; i < WORDS; i++) {
            noise.logits(0, logits);
            for (int token = 0; token < VOCAB; token++) {
                greedy[i] = logits[token] > logits[greedy[i]] ? token : greedy[i];
            }
            noise.read(new int[1], new int[] {greedy[i]});
        }
        List<Found> found = BeamSearch.search(new Noise(seed), VOCAB, 0, WORDS, new Beam(1, 4, 1, false));
        assertThat(found).hasSize(1);
        assertThat(found.get(0).tokens()).isEqualTo(greedy);
    }

    @Test
    void onAModelItFindsWhatReadingEveryTextFinds() {
        AwdLstmConfig config = AwdLstmConfig.defaults(5).withSizes(6, 9, 2);
        int[] prompt = seeds.ids(70, config.vocab());
        int count = 3;
        try (Backend backend = Devices.open("reference", Precision.F64);
                LanguageModel model = OpinionatedModel.of(backend, config, seeds);
                LmWorkspace whole = model.evaluationWorkspace(1, prompt.length + count);
                Arena arena = backend.arena("test")) {
            Tensor logits = arena.real("logits", count, 1, config.vocab());
            double[] values = new double[count * config.vocab()];
            List<Found> all = new ArrayList<>();
            for (int code = 0; code < Math.pow(config.vocab(), count); code++) {
                int[] tokens = digits(code, config.vocab(), count);
                int[] text = Arrays.copyOf(prompt, prompt.length + count);
                System.arraycopy(tokens, 0, text, prompt.length, count);
                whole.resetState();
                whole.forward(text, text.length - 1);
                whole.logits(prompt.length - 1, logits);
                backend.download(logits, values);
                double score = 0;
                for (int i = 0; i < count; i++) {
                    double[] row = Arrays.copyOfRange(values, i * config.vocab(), (i + 1) * config.vocab());
                    score += Sampling.logSumExp(row) - row[tokens[i]];
                }
                all.add(new Found(tokens, score));
            }
            all.sort(Comparator.comparingDouble(Found::score));
            List<Found> found = BeamSearch.search(model, 0, prompt, count, new Beam(200, 10, 0, false));
            assertThat(found).hasSameSizeAs(all);
            for (int i = 0; i < found.size(); i++) {
                // The carried state passes through single precision.
                assertThat(found.get(i).score())
                        .as("text %d", i)
                        .isCloseTo(all.get(i).score(), within(1e-4));
            }
            assertThat(found.get(0).tokens()).isEqualTo(all.get(0).tokens());
        }
    }

    @Test
    void theAnswerIsDrawnByItsScoreOrIsTheBest() {
        List<Found> found = List.of(
                new Found(new int[] {1}, 5), new Found(new int[] {2}, 5 + Math.log(3)), new Found(new int[] {3}, 900));
        int[] counts = new int[4];
        int draws = 4000;
        for (int seed = 0; seed < draws; seed++) {
            assertThat(BeamSearch.choose(found, 0, seed)).isSameAs(found.get(0));
            counts[BeamSearch.choose(found, 1, seed).tokens()[0]]++;
            // At half the temperature three to one becomes nine to one.
            counts[0] += BeamSearch.choose(found, 0.5, seed).tokens()[0] == 2 ? 1 : 0;
        }
        assertThat(counts[1] / (double) draws).isCloseTo(0.75, within(0.05));
        assertThat(counts[2] / (double) draws).isCloseTo(0.25, within(0.05));
        assertThat(counts[3]).isZero();
        assertThat(counts[0] / (double) draws).isCloseTo(0.1, within(0.03));
    }

    @Test
    void valuesOutOfRangeAreNamed() {
        assertThatThrownBy(() -> new Beam(0, 10, 1, true))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("beam-size is 0");
        assertThatThrownBy(() -> new Beam(1, 0, 1, true)).hasMessageContaining("top-k is 0");
        assertThatThrownBy(() -> new Beam(1, 1, -1, true)).hasMessageContaining("temperature is -1.0");
        AwdLstmConfig config = AwdLstmConfig.defaults(5).withSizes(6, 9, 2);
        try (Backend backend = Devices.open("reference", Precision.F64);
                LanguageModel model = new LanguageModel(backend, config, 1)) {
            Beam beam = new Beam(4, 2, 1, true);
            assertThatThrownBy(() -> BeamSearch.search(model, 0, new int[0], 3, beam))
                    .isInstanceOf(DataException.class)
                    .hasMessageContaining("xxbos");
            assertThatThrownBy(() -> BeamSearch.search(model, 0, new int[] {5}, 3, beam))
                    .isInstanceOf(DataException.class);
            assertThat(BeamSearch.search(model, 0, new int[] {2}, 1, beam)).hasSize(2);
        }
    }
}
