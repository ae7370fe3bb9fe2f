package dev.tarn.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tarn.DataException;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Devices;
import dev.tarn.backend.Precision;
import dev.tarn.infer.BatchGenerator.Prompt;
import dev.tarn.model.AwdLstmConfig;
import dev.tarn.model.LanguageModel;
import dev.tarn.testkit.Seeds;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class BatchGeneratorTest {

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
    void everyPromptGoesOnAsItWouldAlone() {
        int[] lengths = {1, 70, 3, 70, 64, 139};
        int[] counts = {5, 1, 12, 0, 9, 7};
        List<Prompt> prompts = new ArrayList<>();
        List<int[]> alone = new ArrayList<>();
        for (int i = 0; i < lengths.length; i++) {
            Sampling sampling = new Sampling(0.7 + 0.1 * i, i, i % 2 == 0, 0);
            Prompt prompt = new Prompt(seeds.ids(lengths[i], CONFIG.vocab()), counts[i], sampling, 40 + i);
            prompts.add(prompt);
            try (TextGenerator generator = new TextGenerator(model, sampling, 0, prompt.seed())) {
                alone.add(generator.generate(prompt.ids(), counts[i]));
            }
        }
        try (BatchGenerator generator = new BatchGenerator(model, lengths.length + 1, 0)) {
            assertThat(generator.generate(prompts, row -> true)).containsExactlyElementsOf(alone);
            // In another order and company, and after other texts.
            assertThat(generator.generate(List.of(prompts.get(2), prompts.get(0)), row -> true))
                    .containsExactly(alone.get(2), alone.get(0));
        }
    }

    @Test
    void whatIsNotWantedAnyMoreStopsAndTheRestGoesOn() {
        Prompt prompt = new Prompt(new int[] {2, 5}, 8, Sampling.DEFAULT, 3);
        try (BatchGenerator generator = new BatchGenerator(model, 2, 0)) {
            int[] whole = generator.generate(List.of(prompt), row -> true).get(0);
            int[] asked = new int[2];
            List<int[]> texts = generator.generate(List.of(prompt, prompt), row -> asked[row]++ < 3 || row == 1);
            assertThat(texts).containsExactly(Arrays.copyOf(whole, 3), whole);
            assertThat(asked).containsExactly(4, 8);
        }
    }

    @Test
    void whatCannotBeGeneratedIsNamed() {
        assertThatThrownBy(() -> new Prompt(new int[0], 1, Sampling.DEFAULT, 1))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("xxbos");
        Prompt prompt = new Prompt(new int[] {2}, 1, Sampling.DEFAULT, 1);
        try (BatchGenerator generator = new BatchGenerator(model, 1, 0)) {
            assertThat(generator.generate(List.of(), row -> true)).isEmpty();
            assertThatThrownBy(() -> generator.generate(List.of(prompt, prompt), row -> true))
                    .isInstanceOf(IllegalArgumentException.class);
            Prompt foreign = new Prompt(new int[] {23}, 1, Sampling.DEFAULT, 1);
            assertThatThrownBy(() -> generator.generate(List.of(foreign), row -> true))
                    .isInstanceOf(DataException.class);
        }
    }
}
