package dev.tarn.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tarn.testkit.Golden;
import dev.tarn.testkit.GoldenCase;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;

/** What fastai v1 itself wrote, read bit for bit. */
class PthGoldenTest {

    @TestFactory
    Stream<DynamicTest> everyTensorOfEveryFileComesBackBitForBit() {
        List<DynamicTest> tests = new ArrayList<>();
        for (GoldenCase golden : Golden.cases("10-checkpoint")) {
            for (JsonNode file : golden.json().path("files")) {
                String name = file.path("file").asString();
                tests.add(DynamicTest.dynamicTest(
                        name, () -> check(golden, Golden.dir().resolve(name))));
            }
        }
        return tests.stream();
    }

    private static void check(GoldenCase golden, Path file) {
        try (PthFile pth = PthFile.open(file)) {
            TreeSet<String> tensors = new TreeSet<>(golden.keys());
            for (String key : golden.keys()) {
                if (!pth.has(key)) {
                    // Optimizers of PyTorch before 1.12 count steps in a number that is no tensor.
                    assertThat(key).endsWith(".step");
                    assertThat(pth.plain().get(key)).isEqualTo((long) golden.tensor(key)[0]);
                    tensors.remove(key);
                    continue;
                }
                assertThat(pth.shape(key)).as(key).isEqualTo(golden.shape(key));
                assertBits(key, pth.doubles(key), golden.tensor(key));
                if (pth.dtype(key).isInteger()) {
                    double[] wide = new double[golden.tensor(key).length];
                    long[] got = pth.longs(key);
                    for (int i = 0; i < wide.length; i++) {
                        wide[i] = got[i];
                    }
                    assertBits(key, wide, golden.tensor(key));
                }
            }
            assertThat(pth.names()).containsExactlyInAnyOrderElementsOf(tensors);
            golden.json().path("storage_aliases").forEach(group -> {
                for (JsonNode other : group) {
                    assertThat(pth.isAlias(group.path(0).asString(), other.asString()))
                            .isTrue();
                }
            });
            assertOrder(pth, golden.json().path("key_order"), "");
            assertOrder(pth, golden.json().path("model_key_order"), "model.");
            assertPlain(pth, golden.json().path("python_values"));
            JsonNode groups = golden.json().path("opt_param_groups");
            for (int i = 0; i < groups.size(); i++) {
                String group = "opt.param_groups." + i + ".";
                assertThat(pth.plain().get(group + "lr"))
                        .isEqualTo(groups.path(i).path("lr").asDouble());
                assertThat(pth.plain().get(group + "betas.0"))
                        .isEqualTo(groups.path(i).path("betas").path(0).asDouble());
                assertThat(pth.plain().get(group + "amsgrad")).isEqualTo(false);
            }
        }
    }

    private static void assertBits(String key, double[] got, double[] wanted) {
        assertThat(got).as(key).hasSameSizeAs(wanted);
        for (int i = 0; i < got.length; i++) {
            assertThat(Double.doubleToRawLongBits(got[i]))
                    .as("%s[%d]", key, i)
                    .isEqualTo(Double.doubleToRawLongBits(wanted[i]));
        }
    }

    private static void assertOrder(PthFile pth, JsonNode order, String prefix) {
        List<String> names =
                pth.names().stream().filter(name -> name.startsWith(prefix)).toList();
        for (int i = 0; i < order.size(); i++) {
            assertThat(names.get(i)).isEqualTo(prefix + order.path(i).asString());
        }
    }

    private static void assertPlain(PthFile pth, JsonNode values) {
        if (!values.isObject()) {
            return;
        }
        assertThat(pth.plain().get("name")).isEqualTo(values.path("name").asString());
        assertThat(pth.plain().get("epoch")).isEqualTo(values.path("epoch").asLong());
        assertThat(pth.plain().get("neg")).isEqualTo(values.path("neg").asLong());
        assertThat(pth.plain().get("flag")).isEqualTo(values.path("flag").asBoolean());
        assertThat(pth.plain().get("f")).isEqualTo(values.path("f").asDouble());
        assertThat(pth.plain().get("none")).isSameAs(PickleReader.NONE);
        assertThat(pth.plain().get("tuple.1"))
                .isEqualTo(values.path("tuple").path(1).asLong());
        assertThat(pth.plain().get("big")).hasToString(values.path("big").asString());
        assertThat(pth.plain().get("bytes")).isEqualTo(new byte[] {0, (byte) 0xff});
    }

    @TestFactory
    Stream<DynamicTest> aVocabularyIsTheSameInEveryProtocol() {
        return Golden.cases("10-itos").stream().flatMap(golden -> {
            List<String> itos = new ArrayList<>();
            golden.json().path("itos").forEach(token -> itos.add(token.asString()));
            List<DynamicTest> tests = new ArrayList<>();
            golden.json().path("files").forEach(file -> {
                String name = file.asString();
                tests.add(DynamicTest.dynamicTest(
                        name,
                        () -> assertThat(ItosPickle.read(Golden.dir().resolve(name))
                                        .itos())
                                .isEqualTo(itos)));
            });
            return tests.stream();
        });
    }
}
