package dev.tarn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tarn.backend.Arena;
import dev.tarn.backend.Backend;
import dev.tarn.model.AwdLstmConfig;
import dev.tarn.model.LanguageModel;
import dev.tarn.nn.Parameter;
import dev.tarn.testkit.Golden;
import dev.tarn.testkit.GoldenCase;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;

/** Trainings of a larger model with every dropout on; weights and masks come from a hash that both sides compute. */
class HashTrajectoryTest {

    @TestFactory
    Stream<DynamicTest> aTrainingWithAllDropoutsIsRepeated() {
        List<GoldenCase> cases = Golden.cases("14-hash-trajectory");
        return cases.stream()
                .flatMap(golden -> Backends.names().stream()
                        .map(name -> DynamicTest.dynamicTest(
                                golden + " on " + name, () -> replay(golden, batches(golden, cases), name))));
    }

    /** The case that holds the batches: itself or the one that it names. */
    private static GoldenCase batches(GoldenCase golden, List<GoldenCase> cases) {
        String name = golden.config().path("batches_in").asString(golden.name());
        return cases.stream()
                .filter(other -> other.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static void replay(GoldenCase golden, GoldenCase batches, String device) {
        JsonNode config = golden.config();
        AwdLstmConfig sizes = TrajectoryGoldenTest.model(config);
        int batch = config.path("bs").asInt();
        int bptt = config.path("bptt").asInt();
        Recording recording = new Recording();
        try (Backend backend = Backends.open(device);
                LanguageModel model = new LanguageModel(backend, sizes, 0);
                Arena arena = backend.arena("masks");
                Learner learner = new Learner(
                        model,
                        ScriptedBatches.of(
                                batches.ids("x"),
                                batches.ids("y"),
                                batch,
                                bptt,
                                config.path("nb").asInt()),
                        ScriptedBatches.of(
                                batches.ids("valid_x"),
                                batches.ids("valid_y"),
                                batch,
                                bptt,
                                config.path("nval").asInt()),
                        TrajectoryGoldenTest.options(config),
                        List.of(TrajectoryGoldenTest.trainer(config), recording),
                        new HashMasks(backend, arena, sizes, batch)::step)) {
            for (Parameter parameter : model.parameters().all()) {
                model.parameters().set(parameter.name(), initial(parameter, sizes));
            }
            learner.fitOneCycle(
                    config.path("ep").asInt(),
                    Rates.of(config.path("lr").asDouble()),
                    TrajectoryGoldenTest.shape(config));
            golden.assertClose("ce", recording.ce());
            golden.assertClose("total", recording.total());
            golden.assertClose("gnorm", recording.gradientNorms());
            TrajectoryGoldenTest.checkSchedule(golden, recording);
            TrajectoryGoldenTest.checkValidation(golden, recording);
            for (Parameter parameter : model.parameters().all()) {
                checkFinal(golden, parameter.name(), model.parameters().doubles(parameter.name()));
            }
        }
    }

    private static float[] initial(Parameter parameter, AwdLstmConfig sizes) {
        int size = Math.toIntExact(parameter.size());
        if (parameter.name().equals(LanguageModel.DECODER_BIAS)) {
            return new float[size];
        }
        if (!parameter.name().equals(LanguageModel.ENCODER)) {
            return HashMasks.initial(
                    parameter.name(), size, 1 / Math.sqrt(parameter.shape()[0] / 4.0));
        }
        float[] values = HashMasks.initial(parameter.name(), size, 0.1);
        Arrays.fill(values, sizes.padToken() * sizes.embSz(), (sizes.padToken() + 1) * sizes.embSz(), 0);
        return values;
    }

    /** The first entries one by one, all of them by their sum and norm. */
    private static void checkFinal(GoldenCase golden, String name, double[] got) {
        String head = "final_head." + name;
        golden.assertClose(head, Arrays.copyOf(got, golden.tensor(head).length));
        JsonNode whole = golden.values().path("final").path(name);
        double largest = Arrays.stream(got).map(Math::abs).max().orElse(0);
        double each = 40 * whole.path("f64_maxabs").asDouble() + 2e-6 * largest;
        assertThat(Arrays.stream(got).sum())
                .as("sum of %s", name)
                .isCloseTo(whole.path("sum_f64").asDouble(), within(each * got.length));
        assertThat(Math.sqrt(Arrays.stream(got).map(x -> x * x).sum()))
                .as("norm of %s", name)
                .isCloseTo(whole.path("l2_f64").asDouble(), within(each * Math.sqrt(got.length)));
    }

    @TestFactory
    Stream<DynamicTest> theHashGivesTheExamplesOfTheCase() {
        return Golden.cases("14-hash-trajectory").stream()
                .filter(golden -> golden.config().path("hash").has("examples"))
                .map(golden -> DynamicTest.dynamicTest(golden.name(), () -> {
                    JsonNode hash = golden.config().path("hash");
                    hash.path("fnv_examples")
                            .propertyStream()
                            .forEach(example -> assertThat(Long.toHexString(HashMasks.fnv(example.getKey())))
                                    .isEqualTo(example.getValue().asString()));
                    hash.path("examples").propertyStream().forEach(example -> {
                        long seed = HashMasks.fnv(example.getKey());
                        for (int i = 0; i < example.getValue().size(); i++) {
                            assertThat(HashMasks.uniform(seed, i))
                                    .isEqualTo(example.getValue().path(i).asDouble());
                        }
                    });
                }));
    }
}
