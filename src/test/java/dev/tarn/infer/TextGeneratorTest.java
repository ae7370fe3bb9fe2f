package dev.tarn.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tarn.DataException;
import dev.tarn.DivergedException;
import dev.tarn.backend.Arena;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Devices;
import dev.tarn.backend.Precision;
import dev.tarn.backend.Tensor;
import dev.tarn.model.AwdLstmConfig;
import dev.tarn.model.LanguageModel;
import dev.tarn.model.LmWorkspace;
import dev.tarn.nn.Parameter;
import dev.tarn.testkit.Seeds;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class TextGeneratorTest {

    private static final Sampling GREEDY = new Sampling(1, 1, false, 0);
    private static final AwdLstmConfig CONFIG = AwdLstmConfig.defaults(23).withSizes(6, 9, 2);

    @RegisterExtension
    final Seeds seeds = new Seeds();

    private Backend backend;
    private LanguageModel model;

    @BeforeEach
    void open() {
        backend = Devices.open("reference", Precision.F64);
        model = OpinionatedModel.of(backend, CONFIG, seeds);
    }

    @AfterEach
    void close() {
        model.close();
        backend.close();
    }

    @Test
    void greedyGenerationFollowsTheLargestLogitOfTheWholeTextSoFar() {
        int[] prompt = seeds.ids(70, CONFIG.vocab());
        int[] text = Arrays.copyOf(prompt, prompt.length + 5);
        try (LmWorkspace whole = model.evaluationWorkspace(1, text.length);
                Arena arena = backend.arena("test");
                TextGenerator generator = new TextGenerator(model, GREEDY, 0, 1)) {
            Tensor logits = arena.real("logits", 1, 1, CONFIG.vocab());
            double[] values = new double[CONFIG.vocab()];
            for (int length = prompt.length; length < text.length; length++) {
                whole.resetState();
                whole.forward(text, length);
                whole.logits(length - 1, logits);
                backend.download(logits, values);
                int best = 0;
                for (int i = 1; i < values.length; i++) {
                    best = values[i] > values[best] ? i : best;
                }
                text[length] = best;
            }
            assertThat(generator.generate(prompt, 5))
                    .containsExactly(Arrays.copyOfRange(text, prompt.length, text.length));
        }
    }

    @Test
    void theSeedDecidesTheTextAndAPromptStartsFromAFreshState() {
        int[] prompt = {2, 5, 7};
        int[] first;
        int[] second;
        try (TextGenerator generator = new TextGenerator(model, Sampling.DEFAULT, 0, 9)) {
            first = generator.generate(prompt, 40);
            second = generator.generate(prompt, 40);
            assertThat(second).isNotEqualTo(first);
            assertThat(first).doesNotContain(0);
        }
        try (TextGenerator again = new TextGenerator(model, Sampling.DEFAULT, 0, 9);
                TextGenerator greedy = new TextGenerator(model, GREEDY, 0, 9);
                TextGenerator other = new TextGenerator(model, Sampling.DEFAULT, 0, 10)) {
            again.start(prompt);
            for (int token : first) {
                assertThat(again.next()).isEqualTo(token);
            }
            assertThat(again.generate(prompt, 40)).isEqualTo(second);
            assertThat(other.generate(prompt, 40)).isNotEqualTo(first);
            assertThat(greedy.generate(prompt, 10)).isEqualTo(greedy.generate(prompt, 10));
        }
    }

    @Test
    void tokensAreDrawnAsOftenAsTheModelExpectsThem() {
        int draws = 4000;
        double[] counts = new double[CONFIG.vocab()];
        double[] expected = new double[CONFIG.vocab()];
        // Without weights every step has the same distribution, that of the decoder's bias.
        for (Parameter parameter : model.parameters().all()) {
            model.parameters().set(parameter.name(), new double[Math.toIntExact(parameter.size())]);
        }
        double[] bias = seeds.doubles(CONFIG.vocab(), 1);
        model.parameters().set(LanguageModel.DECODER_BIAS, bias);
        try (TextGenerator generator = new TextGenerator(model, new Sampling(1, 0, false, 0), 0, seeds.seed())) {
            for (int token : generator.generate(new int[] {2}, draws)) {
                counts[token]++;
            }
        }
        double sum = Arrays.stream(bias).map(Math::exp).sum();
        for (int i = 0; i < expected.length; i++) {
            double p = Math.exp(bias[i]) / sum;
            double deviation = Math.sqrt(draws * p * (1 - p));
            assertThat(Math.abs(counts[i] - draws * p)).as("token %d", i).isLessThan(6 * deviation + 1);
        }
    }

    @Test
    void whatCannotBeGeneratedIsNamed() {
        try (TextGenerator generator = new TextGenerator(model, Sampling.DEFAULT, 0, 1)) {
            assertThatThrownBy(generator::next).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(generator::start)
                    .isInstanceOf(DataException.class)
                    .hasMessageContaining("xxbos");
            assertThatThrownBy(() -> generator.start(3, 23)).isInstanceOf(DataException.class);
            double[] broken = new double[CONFIG.vocab()];
            broken[3] = Double.NaN;
            model.parameters().set(LanguageModel.DECODER_BIAS, broken);
            generator.start(2);
            assertThatThrownBy(generator::next)
                    .isInstanceOf(DivergedException.class)
                    .hasMessageContaining("NaN");
        }
        assertThatThrownBy(() -> new TextGenerator(model, Sampling.DEFAULT, 23, 1))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
