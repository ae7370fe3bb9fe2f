package dev.tarn.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tarn.ConfigException;
import dev.tarn.backend.Backend;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

class ModuleListTest {

    private static final AwdLstmConfig SEED = AwdLstmConfig.defaults(60_000);

    private static final List<String> NOTEBOOK = List.of(
            "Embedding(60000, 400, padding_idx=1)",
            "Embedding(60000, 400, padding_idx=1)",
            "LSTM(400, 1152, batch_first=True)",
            "ParameterModule()",
            "LSTM(1152, 1152, batch_first=True)",
            "ParameterModule()",
            "LSTM(1152, 400, batch_first=True)",
            "ParameterModule()",
            "BatchNorm1d(1200, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)",
            "Linear(in_features=1200, out_features=50, bias=True)",
            "BatchNorm1d(50, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)",
            "Linear(in_features=50, out_features=2, bias=True)");

    private static ModuleList classifier(int freezeTo) {
        return ModuleList.classifier(SEED, List.of(50), 2, freezeTo);
    }

    /** T and F, as the notebook prints True and False. */
    private static String flags(ModuleList list) {
        StringBuilder flags = new StringBuilder();
        list.entries().forEach(entry -> flags.append(list.trains(entry) ? 'T' : 'F'));
        return flags.toString();
    }

    @Test
    void theClassifierIsTheNotebooksList() {
        assertThat(classifier(0).entries()).extracting(ModuleList.Entry::text).isEqualTo(NOTEBOOK);
        assertThat(classifier(0).groups()).isEqualTo(5);
    }

    @Test
    void theClassifierFreezesAsTheNotebookPrints() {
        assertThat(flags(classifier(-1))).isEqualTo("FFFFFFFFTTTT");
        assertThat(flags(classifier(-2))).isEqualTo("FFFFFFTTTTTT");
        assertThat(flags(classifier(3))).isEqualTo("FFFFFFTTTTTT");
        assertThat(flags(classifier(-3))).isEqualTo("FFFFTTTTTTTT");
        assertThat(flags(classifier(1))).isEqualTo("FFTTTTTTTTTT");
        assertThat(flags(classifier(-5))).isEqualTo("TTTTTTTTTTTT");
    }

    @Test
    void theLanguageModelKeepsItsEmbeddingInTheLastGroup() {
        ModuleList list = ModuleList.languageModel(SEED, -1);
        assertThat(list.groups()).isEqualTo(4);
        assertThat(flags(list)).isEqualTo("TTFFFFFFT");
        assertThat(flags(ModuleList.languageModel(SEED, 2))).isEqualTo("TTFFFFTTT");
        assertThat(list.trainable()).isEqualTo(24_060_000);
        assertThat(list.entries().get(8).text()).isEqualTo("Linear(in_features=400, out_features=60000, bias=True)");
    }

    @Test
    void parametersAreCountedOnce() {
        assertThat(ModuleList.languageModel(SEED, 0).parameters()).isEqualTo(44_333_280);
        assertThat(ModuleList.languageModel(SEED, 0).trainable()).isEqualTo(44_333_280);
        assertThat(classifier(-1).trainable()).isEqualTo(62_652);
        assertThat(classifier(-1).parameters()).isEqualTo(44_333_280 - 60_000 + 62_652);
        assertThat(classifier(-2).trainable()).isEqualTo(62_652 + 2_486_400);
        assertThat(classifier(0).entries().get(1))
                .returns(0L, ModuleList.Entry::parameters)
                .returns(24_000_000L, ModuleList.Entry::shared);
    }

    /** Every kind of sizes, against the parameters that a model really has in its groups. */
    @Test
    void countsAreThoseOfTheModel() {
        try (Backend backend = OnEveryBackend.reference()) {
            for (boolean tied : new boolean[] {true, false}) {
                for (boolean bias : new boolean[] {true, false}) {
                    for (int layers = 1; layers <= 4; layers++) {
                        AwdLstmConfig config = new AwdLstmConfig(11, 5, 7, layers, -1, 0, 0, 0, 0, 0, tied, bias);
                        try (LanguageModel model = new LanguageModel(backend, config, 1)) {
                            for (int group = 0; group <= layers; group++) {
                                int first = group;
                                long wanted = model.parameters().all().stream()
                                        .filter(parameter -> parameter.group() >= first)
                                        .mapToLong(parameter -> parameter.size())
                                        .sum();
                                ModuleList list = ModuleList.languageModel(config, group);
                                assertThat(list.trainable())
                                        .as("%s from group %d", config, group)
                                        .isEqualTo(wanted);
                                assertThat(list.groups()).isEqualTo(model.groups());
                            }
                        }
                    }
                }
            }
        }
    }

    @Test
    void otherHeadsAndPaddingAreSpelledAsTheyAre() {
        AwdLstmConfig config = new AwdLstmConfig(10, 4, 6, 2, -1, 0, 0, 0, 0, 0, true, false);
        List<ModuleList.Entry> wide =
                ModuleList.classifier(config, List.of(8, 5), 3, 0).entries();
        assertThat(wide.get(0).text()).isEqualTo("Embedding(10, 4)");
        assertThat(wide)
                .hasSize(12)
                .last()
                .extracting(ModuleList.Entry::text)
                .asString()
                .contains("5, out_features=3");
        assertThat(ModuleList.classifier(config, List.of(), 3, 0).entries()).hasSize(8);
        assertThat(ModuleList.languageModel(config, 0).entries())
                .last()
                .extracting(ModuleList.Entry::text)
                .asString()
                .endsWith("bias=False)");
    }

    @Test
    void whatIsNoGroupOrNoSizeIsRefused() {
        for (int freezeTo : new int[] {5, -6, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
            assertThatThrownBy(() -> classifier(freezeTo))
                    .isInstanceOf(ConfigException.class)
                    .hasMessage(String.format(
                            Locale.ROOT,
                            "freezeTo %d is not a layer group; this model has 5, so -5 to 4 are allowed.",
                            freezeTo));
        }
        assertThatThrownBy(() -> ModuleList.classifier(SEED, List.of(0), 2, 0))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("size 0");
        assertThatThrownBy(() -> ModuleList.classifier(SEED, List.of(50), 0, 0))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("size 0");
    }
}
