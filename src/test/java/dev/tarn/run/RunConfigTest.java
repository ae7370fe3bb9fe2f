package dev.tarn.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tarn.ConfigException;
import dev.tarn.backend.Precision;
import dev.tarn.backend.Regularization;
import dev.tarn.testkit.Seeds;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RunConfigTest {

    @RegisterExtension
    final Seeds seeds = new Seeds();

    @TempDir
    Path folder;

    @Test
    void theDefaultsAreFastais() {
        RunConfig config = RunConfig.load(null, List.of());
        assertThat(config).isEqualTo(RunConfig.defaults());
        assertThat(config.data().bs()).isEqualTo(64);
        assertThat(config.data().bptt()).isEqualTo(70);
        assertThat(config.schedule().moms()).containsExactly(0.8, 0.7);
        assertThat(config.regularization().toRegularization())
                .isEqualTo(
                        new Regularization(2, 1, 0, Regularization.ArOn.DROPPED, Regularization.NormForm.PAPER, false));
        assertThat(config.effectiveValidBs()).isEqualTo(64);
        assertThat(config.schedule().effectiveFinalDiv()).isEqualTo(250_000);
    }

    @Test
    void aFileIsOverriddenByFlagsInTheirOrder() throws IOException {
        Path file = write("""
                # a comment
                train:
                  lr: slice(1e-4, 1e-2)
                  epochs: 3
                data:
                  train: [a.txt, "b c.txt"]
                  tokenizer: whitespace
                  shuffle: false
                model:
                schedule:
                  moms:
                    - 0.95
                    - 0.85
                run:
                  seed: -7
                  precision: bf16
                """);
        RunConfig config = RunConfig.load(
                file,
                List.of(
                        ConfigOverride.set("train.epochs=5"),
                        ConfigOverride.flag(key("emb-sz"), List.of("200")),
                        ConfigOverride.flag(key("moms"), List.of("0.7,0.6")),
                        ConfigOverride.set("train.epochs=6"),
                        ConfigOverride.flag(key("lr"), List.of("2e-3"))));
        assertThat(config.train().epochs()).isEqualTo(6);
        assertThat(config.train().lr()).isEqualTo("2e-3");
        assertThat(config.model().embSz()).isEqualTo(200);
        assertThat(config.data().train()).containsExactly("a.txt", "b c.txt");
        assertThat(config.data().tokenizer()).isEqualTo(RunConfig.TokenizerKind.WHITESPACE);
        assertThat(config.data().shuffle()).isFalse();
        assertThat(config.schedule().moms()).containsExactly(0.7, 0.6);
        assertThat(config.run().seed()).isEqualTo(-7);
        assertThat(config.run().precision()).isEqualTo(Precision.BF16);
    }

    @Test
    void theYamlOfAnyConfigurationIsReadBackToAnEqualOne() throws IOException {
        assertThat(RunConfig.load(write(RunConfig.defaults().toYaml()), List.of()))
                .isEqualTo(RunConfig.defaults());
        Random random = seeds.random();
        for (int round = 0; round < 50; round++) {
            RunConfig config = RunConfig.defaults()
                    .with("train.wd", Double.toString(random.nextDouble() * Math.pow(10, -random.nextInt(300))))
                    .with("regularization.beta-norm", Double.toString(random.nextDouble() * 1e9))
                    .with("run.seed", Long.toString(random.nextLong()))
                    .with("data.train", "x y.txt,C:\\dir\\é \"q\" #1.txt,'no': yes")
                    .with("data.valid", "null")
                    .with("schedule.moms", random.nextDouble() + "," + random.nextDouble())
                    .with("train.optimizer", "nt-asgd");
            assertThat(RunConfig.load(write(config.toYaml()), List.of())).isEqualTo(config);
        }
    }

    @Test
    void theYamlHoldsEveryKeyWithAComment() {
        String yaml = RunConfig.defaults().toYaml();
        for (ConfigKey key : RunConfig.schema().keys()) {
            assertThat(yaml).contains("  " + key.name().substring(key.section().length() + 1) + ": ");
            assertThat(yaml).contains("# " + key.description() + "\n");
        }
        assertThat(yaml.lines()).allMatch(line -> line.length() <= 120);
    }

    @Test
    void everyKeyHasAFlagOfItsOwn() {
        Set<String> flags = new HashSet<>();
        for (ConfigKey key : RunConfig.schema().keys()) {
            assertThat(flags.add(key.flag())).as(key.flag()).isTrue();
        }
        assertThat(flags)
                .contains(
                        "train",
                        "valid",
                        "tokenizer",
                        "epochs",
                        "lr",
                        "bs",
                        "bptt",
                        "emb-sz",
                        "n-hid",
                        "n-layers",
                        "drop-mult",
                        "alpha",
                        "beta",
                        "beta-norm",
                        "norm-form",
                        "clip",
                        "wd",
                        "moms",
                        "seed",
                        "precision",
                        "device",
                        "ar-on",
                        "schedule",
                        "optimizer");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "train.lrr=1 | There is no key train.lrr (--set train.lrr=1); did you mean train.lr?",
                "lr=1 | did you mean train.lr?",
                "train.bptt=70 | did you mean data.bptt?",
                "model.embsz=70 | did you mean model.emb-sz?",
                "regularisation.alpha=1 | did you mean regularization.alpha?",
                "train.lr | is not an assignment",
                "data.bs=0 | data.bs = 0 (--set data.bs=0) cannot be used; allowed is a whole number from 1 to 65536.",
                "data.bs=1e3 | allowed is a whole number",
                "data.bs=99999999999 | allowed is a whole number",
                "data.bptt=-1 | allowed is a whole number from 1 to 65536",
                "train.epochs=zwei | allowed is a whole number from 1 to 1000000",
                "train.lr=-1e-3 | allowed is a positive number, slice(STOP) or slice(START,STOP)",
                "train.lr=NaN | allowed is a positive number",
                "train.lr=0 | allowed is a positive number",
                "train.lr=slice(0.0e5,1) | allowed is a positive number",
                "train.lr=slice() | allowed is a positive number",
                "train.wd=NaN | allowed is a number from 0 to 10",
                "train.wd=Infinity | allowed is a number",
                "train.clip=1e999 | allowed is a number from 0 up",
                "train.eps=0 | allowed is a number above 0 and up to 1",
                "train.wd=1.5f | allowed is a number",
                "dropout.embed-p=1 | allowed is a number from 0 to below 1",
                "schedule.moms=0.8 | allowed is 2 values separated by commas, each a number from 0 to below 1",
                "schedule.moms=0.8,1 | allowed is 2 values",
                "schedule.moms=0.8,, | allowed is 2 values",
                "train.optimizer=adamw | allowed is adam, sgd, nt-asgd",
                "train.adjust=yes | allowed is true or false",
                "run.device=GPU 0 | allowed is auto, cpu, cuda:N or reference",
                "run.precision=fp16 | allowed is f64, f32, tf32, bf16",
                "dropout.drop-mult=5 | dropout.drop-mult = 5.0 makes a dropout of 0.25 reach 1; use a --drop-mult below 4.0",
            })
    void whatCannotBeUsedIsSaidWithWhatCan(String assignment, String message) {
        assertThatThrownBy(() -> RunConfig.load(null, List.of(ConfigOverride.set(assignment))))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(message);
    }

    @Test
    void theLearningRateTakesTheFormsThatFastaiTakes() {
        for (String lr :
                List.of("0.003", "3e-3", ".5", "1", "1.", "slice(3e-3)", "slice(1e-5,1e-3)", "slice(1e-5, 1)")) {
            assertThat(RunConfig.defaults().with("train.lr", lr).train().lr()).isEqualTo(lr);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'data:\n  bs: 0' | data.bs = 0 (FILE line 2) cannot be used",
                "'data:\n  bs: 32\n\n  bss: 3' | There is no key data.bss (FILE line 4); did you mean data.bs?",
                "'lr: 3' | There is no key lr (FILE line 1); did you mean train.lr?",
                "'data:\n  bs: 1\n  bs: 2' | data.bs stands twice in FILE, in lines 2 and 3",
                "'data:\n  bs: 1\ndata:\n  bs: 2' | data stands twice in FILE, in lines 1 and 3",
                "'- a\n- b' | FILE line 1 does not begin with a section",
                "'hello' | FILE line 1 does not begin with a section",
                "'data:\n  bs:' | data.bs (FILE line 2) has no value of its own",
                "'data:\n  bs: {a: 1}' | data.bs (FILE line 2) has no value of its own",
                "'data:\n  bs: [1, 2]' | data.bs = [1, 2] (FILE line 2) cannot be used",
                "'data:\n  bs: &x 1\n  bptt: *x' | data.bptt (FILE line 3) has no value of its own",
                "'data:\n  bs: 1\n---\ndata:\n  bs: 2' | begins a second document",
                "'data: [1\n' | is not YAML",
                "'data:\n\tbs: 1' | FILE line 2 is not YAML",
                "'train:\n  lr: 1e-3\n wd: 1' | is not YAML",
            })
    void aMistakeInAFileIsSaidWithItsLine(String yaml, String message) throws IOException {
        Path file = write(yaml);
        assertThatThrownBy(() -> RunConfig.load(file, List.of()))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(message.replace("FILE", file.toString()));
    }

    @Test
    void anEmptyFileChangesNothing() throws IOException {
        assertThat(RunConfig.load(write(""), List.of())).isEqualTo(RunConfig.defaults());
        assertThat(RunConfig.load(write("# nothing\ntrain:\n"), List.of())).isEqualTo(RunConfig.defaults());
    }

    @Test
    void aFileThatCannotBeReadIsSaid() throws IOException {
        assertThatThrownBy(() -> RunConfig.load(folder.resolve("none.yaml"), List.of()))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("There is no configuration file");
        assertThatThrownBy(() -> RunConfig.load(folder, List.of())).isInstanceOf(ConfigException.class);
        Path latin = folder.resolve("latin.yaml");
        Files.write(latin, "data:\n  valid: é".getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(() -> RunConfig.load(latin, List.of())).hasMessageContaining("is not UTF-8");
        Path huge = folder.resolve("huge.yaml");
        Files.write(huge, new byte[2 << 20]);
        assertThatThrownBy(() -> RunConfig.load(huge, List.of())).hasMessageContaining("far more than a configuration");
    }

    @Test
    void everyMutatedFileIsReadOrRefusedInOneSentence() throws IOException {
        byte[] whole = RunConfig.defaults().toYaml().getBytes(StandardCharsets.UTF_8);
        Random random = seeds.random();
        int refused = 0;
        for (int round = 0; round < 500; round++) {
            byte[] broken = whole.clone();
            for (int n = random.nextInt(4); n >= 0; n--) {
                broken[random.nextInt(broken.length)] = (byte) random.nextInt(256);
            }
            Path file = folder.resolve("m.yaml");
            Files.write(file, broken);
            try {
                RunConfig.load(file, List.of());
            } catch (ConfigException e) {
                refused++;
                assertThat(e.getMessage()).doesNotContain("\n").endsWith(".");
            }
        }
        assertThat(refused).isGreaterThan(50);
    }

    @Test
    void theNearestNameIsTheOneMeant() {
        List<String> flags = List.of("--emb-sz", "--n-hid", "--bptt", "--beta", "--beta-norm");
        assertThat(Nearest.name("--embsz", flags)).isEqualTo("--emb-sz");
        assertThat(Nearest.name("--btpt", flags)).isEqualTo("--bptt");
        assertThat(Nearest.name("--betanorm", flags)).isEqualTo("--beta-norm");
        assertThat(Nearest.name("x", List.of())).isEmpty();
        assertThat(Nearest.distance("ab", "ba")).isEqualTo(1);
        assertThat(Nearest.distance("", "abc")).isEqualTo(3);
    }

    private Path write(String yaml) throws IOException {
        return Files.writeString(folder.resolve("tarn.yaml"), yaml);
    }

    private static ConfigKey key(String flag) {
        return RunConfig.schema().keys().stream()
                .filter(key -> key.flag().equals(flag))
                .findFirst()
                .orElseThrow();
    }
}
