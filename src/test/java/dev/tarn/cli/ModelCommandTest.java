package dev.tarn.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.tarn.checkpoint.FastaiNames;
import dev.tarn.checkpoint.Pretrained;
import dev.tarn.checkpoint.SafeTensors;
import dev.tarn.checkpoint.SafeTensorsFile;
import dev.tarn.run.Folders;
import dev.tarn.run.RunConfig;
import dev.tarn.testkit.Golden;
import dev.tarn.testkit.GoldenCase;
import dev.tarn.testkit.Pickles;
import dev.tarn.text.Vocab;
import dev.tarn.train.Callback;
import dev.tarn.train.LanguageModelRun;
import dev.tarn.train.Step;
import dev.tarn.train.TrainedLanguageModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Weights of fastai come in, train, and go out again. */
class ModelCommandTest {

    /** Words of {@link Tarn#text} among others, as many as the golden checkpoints have rows. */
    private static final List<String> ITOS = Stream.concat(
                    Stream.of("xxunk", "xxpad", "xxbos", "the", "walker", "sees", "birds", "lake", "."),
                    IntStream.range(0, 28).mapToObj(i -> "other" + i))
            .toList();

    @TempDir
    private Path temp;

    private Path text;
    private Path itos;

    @BeforeEach
    void writeFiles() throws IOException {
        text = Tarn.text(temp, "text.txt", 120);
        itos = Files.write(temp.resolve("itos.pkl"), Pickles.itos(ITOS));
    }

    private static Path golden(String name) {
        Path file = Golden.dir().resolve(name);
        assumeThat(file).exists();
        return file;
    }

    private Tarn train(String run, String... flags) {
        return Tarn.run(trainFlags(run, flags));
    }

    private String[] trainFlags(String run, String... flags) {
        List<String> args = new ArrayList<>(
                List.of("lm", "train", "--run", temp.resolve(run).toString()));
        args.addAll(List.of("--device", "cpu", "--tokenizer", "whitespace", "--train", text.toString()));
        args.addAll(List.of("--valid", text.toString(), "--emb-sz", "6", "--n-hid", "9", "--bs", "4", "--bptt", "8"));
        args.addAll(List.of("--epochs", "1", "--min-freq", "1"));
        args.addAll(List.of(flags));
        return args.toArray(String[]::new);
    }

    private Path imported(String pth) {
        Path folder = temp.resolve("wt103");
        Tarn result = Tarn.run(
                "model", "import", golden(pth).toString(), "--itos", itos.toString(), "--out", folder.toString());
        assertThat(result.code()).as(result.err()).isZero();
        return folder;
    }

    @TestFactory
    Stream<DynamicTest> whatComesInGoesOutBitForBitUnderTheSameNames() {
        List<DynamicTest> tests = new ArrayList<>();
        for (GoldenCase golden : Golden.cases("10-checkpoint")) {
            boolean isModel = golden.keys().stream().anyMatch(key -> key.endsWith(FastaiNames.EMBEDDING));
            for (JsonNode file : golden.json().path("files")) {
                if (isModel && !golden.name().contains("midtrain")) {
                    String name = file.path("file").asString();
                    tests.add(DynamicTest.dynamicTest(name, () -> comesOutAgain(golden, name)));
                }
            }
        }
        return tests.stream();
    }

    private void comesOutAgain(GoldenCase golden, String name) throws IOException {
        Path folder = temp.resolve("in-" + name);
        Path out = temp.resolve("out-" + name + ".safetensors");
        Tarn in = Tarn.run("model", "import", golden(name).toString(), "--out", folder.toString(), "--backwards");
        assertThat(in.code()).as(in.err()).isZero();
        assertThat(in.out()).contains("6-9-6 x 3 layers, vocabulary 37, backwards");
        assertThat(in.err().contains("optimizer"))
                .isEqualTo(golden.keys().stream().anyMatch(key -> key.startsWith("opt.")));
        assertThat(Tarn.run("model", "export", folder.toString(), "--out", out.toString())
                        .code())
                .isZero();
        String root = golden.name().contains("learner") ? "model." : "";
        try (SafeTensorsFile exported = SafeTensors.read(out)) {
            assertThat(exported.metadata()).containsEntry("backwards", "true");
            List<String> expected = golden.keys().stream()
                    .filter(key -> key.startsWith(root))
                    .map(key -> key.substring(root.length()))
                    .toList();
            assertThat(exported.names()).containsExactlyElementsOf(expected);
            for (String key : expected) {
                assertThat(exported.shape(key)).isEqualTo(golden.shape(root + key));
                assertThat(exported.doubles(key)).isEqualTo(golden.tensor(root + key));
            }
        }
        Tarn again = Tarn.run("model", "import", out.toString(), "--out", folder + "-again", "--backwards");
        assertThat(again.code()).as(again.err()).isZero();
        assertThat(Path.of(folder + "-again/model.safetensors"))
                .hasSameBinaryContentAs(folder.resolve("model.safetensors"));
    }

    @Test
    void ofAFileFromTheMiddleOfTrainingTheLearnedWeightsCountNotTheDroppedOnes() {
        Path folder = imported("10-checkpoint-midtrain-legacy.pth");
        try (Pretrained pretrained = Pretrained.open(folder);
                SafeTensorsFile golden = SafeTensors.read(golden("10-checkpoint-midtrain.safetensors"))) {
            String name = FastaiNames.recurrent(1);
            assertThat(pretrained.weights().floats(name)).isEqualTo(golden.floats(name));
            assertThat(pretrained.weights().floats(name)).isNotEqualTo(golden.floats("rnns.1.module.weight_hh_l0"));
            assertThat(pretrained.requireVocab()).isEqualTo(Vocab.of(ITOS));
        }
    }

    @Test
    void aRunStartsFromItGoesOnWithoutItAndIsWhatTheNextOneStartsFrom() throws IOException, InterruptedException {
        Path folder = imported("10-checkpoint-learner-legacy.pth");
        Process process = Tarn.start(
                temp.resolve("log"), trainFlags("first", "--pretrained", folder.toString(), "--freeze-to", "-1"));
        assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
        String said = Files.readString(temp.resolve("log"));
        assertThat(process.exitValue()).as(said).isZero();
        assertThat(said).contains("start     " + folder + ", which knows 9 of the ");
        Path first = temp.resolve("first");
        try (Pretrained from = Pretrained.open(folder);
                SafeTensorsFile trained = SafeTensors.read(first.resolve("checkpoints/last/model.safetensors"))) {
            for (String name : FastaiNames.encoder(3)) {
                boolean trains = name.equals(FastaiNames.EMBEDDING);
                assertThat(trained.floats("0." + name).length == from.weights().floats("0." + name).length
                                && Arrays.equals(
                                        trained.floats("0." + name),
                                        from.weights().floats("0." + name)))
                        .as(name)
                        .isEqualTo(!trains);
            }
        }
        assertThat(Files.readString(first.resolve("provenance.json"))).contains("wt103/model.safetensors");
        Folders.delete(folder);
        assertThat(Tarn.run("lm", "eval", "--run", first.toString(), "--quiet").code())
                .isZero();

        Tarn second = train("second", "--pretrained", first.toString(), "--lr", "1e-30", "--wd", "0");
        assertThat(second.code()).as(second.err()).isZero();
        assertThat(second.err()).containsPattern("which knows (\\d+) of the \\1 tokens");
        assertThat(temp.resolve("second/checkpoints/last/model.safetensors"))
                .hasSameBinaryContentAs(first.resolve("checkpoints/best/model.safetensors"));

        Path out = temp.resolve("out.safetensors");
        Tarn exported = Tarn.run("model", "export", first.toString(), "--out", out.toString(), "--part", "encoder");
        assertThat(exported.code()).as(exported.err()).isZero();
        Tarn again = Tarn.run(
                "model", "import", out.toString(), "--itos", temp + "/out.vocab.json", "--out", temp + "/again");
        assertThat(again.code()).as(again.err()).isZero();
        try (TrainedLanguageModel model = TrainedLanguageModel.open(first, null)) {
            model.saveEncoder(temp.resolve("saved"));
            assertThat(temp.resolve("saved/model.safetensors"))
                    .hasSameBinaryContentAs(temp.resolve("again/model.safetensors"));
            assertThat(temp.resolve("saved/vocab.json")).hasSameBinaryContentAs(temp.resolve("again/vocab.json"));
        }
    }

    @Test
    void aRunThatStoppedIsResumedBitForBitWhenThePretrainedFolderIsGone() {
        Path folder = imported("10-checkpoint-model-noopt-zip.pth");
        RunConfig config = config().with("model.pretrained", folder.toString())
                .with("train.freeze-to", "2")
                .with("run.checkpoint-steps", "4");
        try (LanguageModelRun whole = LanguageModelRun.create(config, temp.resolve("whole"), List.of(), List.of())) {
            whole.train();
        }
        Callback stop = new Callback() {
            @Override
            public void onBatchEnd(Step step) {
                if (step.step() == 9) {
                    step.learner().stop();
                }
            }
        };
        try (LanguageModelRun run = LanguageModelRun.create(config, temp.resolve("cut"), List.of(), List.of(stop))) {
            run.train();
        }
        Folders.delete(folder);
        Path last = Path.of("checkpoints/last/model.safetensors");
        assertThat(temp.resolve("cut").resolve(last))
                .satisfies(file -> assertThat(
                                Files.mismatch(file, temp.resolve("whole").resolve(last)))
                        .isNotNegative());
        Tarn resumed = Tarn.run("run", "resume", temp.resolve("cut").toString());
        assertThat(resumed.code()).as(resumed.err()).isZero();
        assertThat(temp.resolve("cut").resolve(last))
                .hasSameBinaryContentAs(temp.resolve("whole").resolve(last));
    }

    @Test
    void fromJavaAnEncoderIsSavedAndLoadedBetweenRuns() {
        RunConfig config = config();
        Path encoder = temp.resolve("encoder");
        try (LanguageModelRun one = LanguageModelRun.create(config, temp.resolve("one"), List.of(), List.of())) {
            one.saveEncoder(encoder);
            RunConfig other = config.with("run.seed", "5");
            try (LanguageModelRun two = LanguageModelRun.create(other, temp.resolve("two"), List.of(), List.of())) {
                assertThat(weights(two)).isNotEqualTo(weights(one));
                assertThat(two.loadEncoder(encoder).known())
                        .isEqualTo(two.text().vocab().size());
                assertThat(weights(two)).isEqualTo(weights(one));
                assertThat(two.learner().frozenTo()).isEqualTo(3);
            }
        }
    }

    private RunConfig config() {
        return RunConfig.defaults()
                .with("data.train", text.toString())
                .with("data.tokenizer", "whitespace")
                .with("data.bs", "4")
                .with("data.bptt", "8")
                .with("model.emb-sz", "6")
                .with("model.n-hid", "9")
                .with("run.device", "cpu");
    }

    private static float[] weights(LanguageModelRun run) {
        return run.learner().model().parameters().floats("0.rnns.1.module.weight_ih_l0");
    }

    @Test
    void whatDoesNotFitIsRefusedInOneSentenceAndLeavesNothing() throws IOException {
        Path folder = imported("10-checkpoint-encoder-legacy.pth");
        String from = folder.toString();
        train("run", "--pretrained", from, "--n-hid", "12")
                .failedWith(6, "has shape [36, 9], the model needs [48, 12]", "pass --n-hid 9.");
        train("run", "--pretrained", from, "--emb-sz", "8", "--n-layers", "2")
                .failedWith(6, "the file has emb_sz 6, the model 8", "pass --emb-sz 6 --n-layers 3.");
        train("run", "--pretrained", from, "--tie-weights", "false").failedWith(6, "--tie-weights true");
        train("run", "--pretrained", from, "--backwards").failedWith(6, "forwards", "--backwards false");
        train("run", "--pretrained", temp.resolve("none").toString()).failedWith(6, "neither a pretrained model nor");
        train("run", "--pretrained", from, "--freeze-to", "9").failedWith(2, "freezeTo 9 is not a layer group");
        assertThat(temp.resolve("run")).doesNotExist();

        Path bare = temp.resolve("bare");
        String pth = golden("10-checkpoint-encoder-zip.pth").toString();
        assertThat(Tarn.run("model", "import", pth, "--out", bare.toString()).err())
                .contains("no vocabulary");
        train("run", "--pretrained", bare.toString()).failedWith(6, "has no vocabulary", "--itos");
        Tarn.run("model", "import", pth, "--out", bare.toString()).failedWith(6, "exists already");

        String out = temp.resolve("out").toString();
        String odd = golden("10-checkpoint-odd-legacy.pth").toString();
        Tarn.run("model", "import", odd, "--out", out).failedWith(6, "holds no encoder");
        Tarn.run("model", "import", itos.toString(), "--out", out).failedWith(6, "not one of torch.save");
        Tarn.run("model", "import", pth, "--itos", pth, "--out", out).failedWith(6, "no pickle of protocol");
        Path few = Files.write(temp.resolve("few.pkl"), Pickles.itos(List.of("a", "b")));
        Tarn.run("model", "import", pth, "--itos", few.toString(), "--out", out)
                .failedWith(6, "The vocabulary has 2 tokens", "37 rows");
        Tarn.run("model", "import", temp.resolve("none.pth").toString(), "--out", out)
                .failedWith(6, "none.pth");
        Tarn.run("model", "export", temp.toString(), "--out", out + ".safetensors")
                .failedWith(6, "neither");
        Tarn.run("model", "export", from, "--out", out).failedWith(2, ".safetensors");
        Tarn.run("model", "export", from, "--out", out + ".safetensors", "--part", "head")
                .failedWith(2, "head");
        Tarn.run("model", "export", from, "--out", out + "/no/such.safetensors").failedWith(6, "such.safetensors");
        assertThat(Path.of(out)).doesNotExist();
        assertThat(Path.of(out + ".safetensors")).doesNotExist();
    }

    @Test
    void aPickleThatWouldRunSomethingIsRefusedByName() throws IOException {
        Path witness = temp.resolve("witness");
        Path evil = Files.write(
                temp.resolve("evil.pth"),
                new Pickles()
                        .global("posix", "system")
                        .text("touch " + witness)
                        .op(0x85, 'R', '.')
                        .bytes());
        Tarn.run(
                        "model",
                        "import",
                        evil.toString(),
                        "--out",
                        temp.resolve("out").toString())
                .failedWith(6, "posix.system", "nothing of it was run");
        assertThat(witness).doesNotExist();
        assertThat(temp.resolve("out")).doesNotExist();
    }
}
