package dev.tarn.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tarn.CheckpointException;
import dev.tarn.backend.Backend;
import dev.tarn.checkpoint.FastaiExport;
import dev.tarn.checkpoint.FastaiImport;
import dev.tarn.checkpoint.FastaiNames;
import dev.tarn.checkpoint.Pretrained;
import dev.tarn.checkpoint.SafeTensors;
import dev.tarn.checkpoint.SafeTensorsFile;
import dev.tarn.checkpoint.TensorEntry;
import dev.tarn.checkpoint.VocabConversion;
import dev.tarn.nn.Parameter;
import dev.tarn.nn.ParameterStore;
import dev.tarn.testkit.Golden;
import dev.tarn.testkit.GoldenCase;
import dev.tarn.text.Vocab;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

class PretrainedWeightsTest {

    @TempDir
    private Path temp;

    /** fastai's own conversion: through a pretrained folder, a language model and an export. */
    @TestFactory
    Stream<DynamicTest> theVocabularyIsConvertedAsFastaiDoes() {
        return Golden.cases("12-convert-weights").stream()
                .flatMap(golden -> OnEveryBackend.available()
                        .map(device -> DynamicTest.dynamicTest(golden.name() + " on " + device, () -> {
                            try (Backend backend = device.open()) {
                                Path folder = temp.resolve(golden.name() + "-" + device);
                                converted(golden, backend, Files.createDirectories(folder));
                            }
                        })));
    }

    private static void converted(GoldenCase golden, Backend backend, Path temp) {
        Vocab learned = vocab(golden, "old_itos");
        Vocab wanted = vocab(golden, "new_itos");
        Path old = temp.resolve(golden.name() + ".safetensors");
        List<TensorEntry> entries = new ArrayList<>();
        for (String key : golden.keys()) {
            if (key.startsWith("old.")) {
                entries.add(TensorEntry.floats(key.substring(4), golden.shape(key), golden.floats(key)));
            }
        }
        SafeTensors.write(old, entries, Map.of());
        Path folder = temp.resolve(golden.name());
        importTo(folder, old, learned, false);

        boolean hasBias = golden.has("old.1.decoder.bias");
        Path exported = temp.resolve(golden.name() + "-new.safetensors");
        try (Pretrained from = Pretrained.open(folder);
                LanguageModel model = new LanguageModel(
                        backend, new AwdLstmConfig(wanted.size(), 6, 9, 2, 1, 0, 0, 0, 0, 0, true, hasBias), 1)) {
            VocabConversion conversion = PretrainedWeights.load(model, wanted, from);
            assertThat(conversion.known()).isEqualTo((int)
                    wanted.itos().stream().filter(learned::contains).count());
            Pretrained.write(
                    temp.resolve(golden.name() + "-new"),
                    new Pretrained.Contents(entries(model.parameters()), wanted, false, "test"));
        }
        try (Pretrained made = Pretrained.open(temp.resolve(golden.name() + "-new"))) {
            FastaiExport.write(made, false, exported);
        }
        try (SafeTensorsFile got = SafeTensors.read(exported)) {
            Set<String> names = golden.keys().stream()
                    .filter(key -> key.startsWith("new."))
                    .map(key -> key.substring(4))
                    .collect(Collectors.toSet());
            assertThat(got.names()).containsExactlyInAnyOrderElementsOf(names);
            List<String> order = new ArrayList<>();
            golden.config().path("key_order").forEach(name -> order.add(name.asString()));
            assertThat(got.names()).containsExactlyElementsOf(order);
            for (String name : names) {
                golden.assertClose("new." + name, got.floats(name));
                assertKnownRowsAreExact(golden, name, got.floats(name), learned, wanted);
            }
        }
    }

    private static void assertKnownRowsAreExact(
            GoldenCase golden, String name, float[] got, Vocab learned, Vocab wanted) {
        if (!name.contains("encoder") && !name.contains("decoder")) {
            assertThat(got).isEqualTo(golden.floats("old." + name));
            return;
        }
        int width = got.length / wanted.size();
        float[] old = golden.floats("old." + name);
        for (int i = 0; i < wanted.size(); i++) {
            if (learned.contains(wanted.token(i))) {
                int row = learned.id(wanted.token(i));
                for (int j = 0; j < width; j++) {
                    assertThat(got[i * width + j]).isEqualTo(old[row * width + j]);
                }
            }
        }
    }

    private static Vocab vocab(GoldenCase golden, String key) {
        List<String> itos = new ArrayList<>();
        golden.config().path(key).forEach(token -> itos.add(token.asString()));
        return Vocab.of(itos);
    }

    private static void importTo(Path folder, Path file, Vocab vocab, boolean backwards) {
        try (SafeTensorsFile source = SafeTensors.read(file)) {
            FastaiImport imported = FastaiImport.of(source);
            Pretrained.write(folder, new Pretrained.Contents(imported.weights(), vocab, backwards, "test"));
        }
    }

    private static List<TensorEntry> entries(ParameterStore store) {
        return store.all().stream()
                .map(parameter ->
                        TensorEntry.floats(parameter.name(), parameter.shape(), () -> store.floats(parameter.name())))
                .toList();
    }

    private static Vocab words(int from, int to) {
        return Vocab.of(IntStream.range(from, to).mapToObj(i -> "w" + i).toList());
    }

    private static LanguageModel languageModel(Backend backend, int vocab, int embSz, int nHid, int layers) {
        return new LanguageModel(backend, AwdLstmConfig.defaults(vocab).withSizes(embSz, nHid, layers), 7);
    }

    /** The parameters of an encoder within another model, every one zero. */
    private static ParameterStore store(Backend backend, LanguageModel like, String prefix) {
        ParameterStore.Builder builder = ParameterStore.builder();
        for (Parameter parameter : like.parameters().all()) {
            if (parameter.name().startsWith("0.")) {
                builder.add(prefix + parameter.name().substring(2), 0, parameter.shape());
            }
        }
        builder.add("1.layers.0.weight", 1, 5);
        return builder.build(backend);
    }

    @Test
    void anEncoderGoesFromALanguageModelToAClassifierAndBackThroughAFolder() {
        Vocab vocab = words(2, 20);
        try (Backend backend = OnEveryBackend.reference();
                LanguageModel model = languageModel(backend, 18, 4, 6, 3);
                ParameterStore classifier = store(backend, model, FastaiNames.CLASSIFIER);
                ParameterStore other = store(backend, model, FastaiNames.LANGUAGE_MODEL)) {
            Path first = temp.resolve("first");
            EncoderWeights.save(model.parameters(), FastaiNames.LANGUAGE_MODEL, vocab, true, "a run", first);
            try (Pretrained pretrained = Pretrained.open(first)) {
                assertThat(pretrained.part()).isEqualTo(Pretrained.Part.ENCODER);
                assertThat(pretrained.backwards()).isTrue();
                assertThat(pretrained.origin()).isEqualTo("a run");
                assertThat(pretrained.weights().names()).contains("encoder.weight", "rnns.2.module.bias_hh_l0");
                VocabConversion conversion = EncoderWeights.load(classifier, FastaiNames.CLASSIFIER, vocab, pretrained);
                assertThat(conversion.known()).isEqualTo(18);
            }
            Path second = temp.resolve("second");
            EncoderWeights.save(classifier, FastaiNames.CLASSIFIER, vocab, true, "a classifier", second);
            try (Pretrained pretrained = Pretrained.open(second)) {
                EncoderWeights.load(other, FastaiNames.LANGUAGE_MODEL, vocab, pretrained);
            }
            for (Parameter parameter : other.all()) {
                if (parameter.name().startsWith("0.")) {
                    assertThat(other.floats(parameter.name()))
                            .isEqualTo(model.parameters().floats(parameter.name()));
                }
            }
        }
    }

    @Test
    void anEncoderAloneStartsALanguageModelWithItsDecoderBiasAtZero() {
        try (Backend backend = OnEveryBackend.reference();
                LanguageModel model = languageModel(backend, 18, 4, 6, 3);
                LanguageModel fresh =
                        new LanguageModel(backend, AwdLstmConfig.defaults(12).withSizes(4, 6, 3), 8)) {
            Path folder = temp.resolve("encoder");
            EncoderWeights.save(model.parameters(), FastaiNames.LANGUAGE_MODEL, words(0, 18), false, "x", folder);
            try (Pretrained pretrained = Pretrained.open(folder)) {
                PretrainedWeights.load(fresh, words(10, 22), pretrained);
            }
            float[] table = fresh.parameters().floats(LanguageModel.ENCODER);
            float[] old = model.parameters().floats(LanguageModel.ENCODER);
            assertThat(List.of(table[0], table[7 * 4 + 3])).isEqualTo(List.of(old[10 * 4], old[17 * 4 + 3]));
            assertThat(fresh.parameters().floats(LanguageModel.DECODER_BIAS)).containsOnly(0);
        }
    }

    @Test
    void anUntiedDecoderIsConvertedByItsOwnRows() {
        AwdLstmConfig untied = new AwdLstmConfig(6, 2, 3, 1, 1, 0, 0, 0, 0, 0, false, false);
        try (Backend backend = OnEveryBackend.reference();
                LanguageModel model = new LanguageModel(backend, untied, 1);
                LanguageModel fresh = new LanguageModel(backend, untied, 2)) {
            Path folder = temp.resolve("untied");
            Pretrained.write(folder, new Pretrained.Contents(entries(model.parameters()), words(0, 6), false, "test"));
            try (Pretrained pretrained = Pretrained.open(folder)) {
                PretrainedWeights.load(fresh, words(5, 11), pretrained);
                assertThatThrownBy(() -> PretrainedWeights.requireFits(pretrained, 2, 3, 1, true, false))
                        .hasMessageContaining("--tie-weights false");
                assertThatThrownBy(() -> PretrainedWeights.requireFits(pretrained, 2, 3, 1, false, true))
                        .hasMessageContaining("--out-bias false");
            }
            float[] old = model.parameters().floats(LanguageModel.DECODER);
            float[] converted = fresh.parameters().floats(LanguageModel.DECODER);
            assertThat(List.of(converted[0], converted[1])).isEqualTo(List.of(old[10], old[11]));
            double mean = (old[1] + old[3] + old[5] + old[7] + old[9] + old[11]) / 6.0;
            assertThat((double) converted[5]).isCloseTo(mean, within(1e-7));
        }
    }

    @Test
    void otherSizesAreRefusedWithTheTensorBothShapesAndTheFlag() {
        try (Backend backend = OnEveryBackend.reference();
                LanguageModel model = languageModel(backend, 18, 4, 6, 3);
                LanguageModel wider = languageModel(backend, 18, 4, 8, 3);
                LanguageModel longer = languageModel(backend, 18, 5, 6, 4)) {
            Path folder = temp.resolve("encoder");
            EncoderWeights.save(model.parameters(), FastaiNames.LANGUAGE_MODEL, words(0, 18), false, "x", folder);
            float[] before = wider.parameters().floats(LanguageModel.ENCODER);
            try (Pretrained pretrained = Pretrained.open(folder)) {
                assertThatThrownBy(() -> EncoderWeights.load(wider.parameters(), "0.", words(0, 18), pretrained))
                        .isInstanceOf(CheckpointException.class)
                        .hasMessageContaining("Tensor rnns.0.weight_hh_l0_raw of ")
                        .hasMessageContaining("has shape [24, 6], the model needs [32, 8]")
                        .hasMessageContaining("the file has n_hid 6, the model 8; pass --n-hid 6.");
                assertThatThrownBy(() -> PretrainedWeights.load(longer, words(0, 18), pretrained))
                        .hasMessageContaining("Tensor encoder.weight")
                        .hasMessageContaining("has shape [18, 4], the model needs [18, 5]")
                        .hasMessageContaining("pass --emb-sz 4 --n-layers 3.");
                assertThatThrownBy(() -> EncoderWeights.load(
                                model.parameters(), "0.", words(0, 17), words(0, 18), pretrained.weights()))
                        .hasMessageContaining("18 rows and its vocabulary 17 tokens");
            }
            assertThat(wider.parameters().floats(LanguageModel.ENCODER)).isEqualTo(before);
        }
    }

    @Test
    void aFolderIsWrittenWholeOrNotAtAllAndFoundDamaged() throws IOException {
        try (Backend backend = OnEveryBackend.reference();
                LanguageModel model = languageModel(backend, 18, 4, 6, 3)) {
            Path folder = temp.resolve("new/encoder");
            assertThatThrownBy(() -> EncoderWeights.save(model.parameters(), "0.", words(0, 17), false, "x", folder))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageContaining("The vocabulary has 17 tokens");
            try (Stream<Path> files = Files.list(temp.resolve("new"))) {
                assertThat(files).isEmpty();
            }
            EncoderWeights.save(model.parameters(), "0.", words(0, 18), false, "x", folder);
            assertThatThrownBy(() -> EncoderWeights.save(model.parameters(), "0.", words(0, 18), false, "x", folder))
                    .hasMessageContaining("it exists already");
            for (String name : List.of("model.safetensors", "vocab.json", "pretrained.json", "manifest.txt")) {
                byte[] whole = Files.readAllBytes(folder.resolve(name));
                byte[] broken = whole.clone();
                broken[broken.length - 3] ^= 1;
                Files.write(folder.resolve(name), broken);
                assertThatThrownBy(() -> Pretrained.open(folder).close())
                        .isInstanceOf(CheckpointException.class)
                        .hasMessageContaining(name);
                Files.delete(folder.resolve(name));
                assertThatThrownBy(() -> Pretrained.open(folder).close()).isInstanceOf(CheckpointException.class);
                Files.write(folder.resolve(name), whole);
            }
            Pretrained.open(folder).close();
        }
    }
}
