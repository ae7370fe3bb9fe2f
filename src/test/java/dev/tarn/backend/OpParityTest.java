package dev.tarn.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tarn.backend.reference.PlainCode;
import dev.tarn.testkit.Seeds;
import dev.tarn.testkit.TestDevice;
import dev.tarn.testkit.Tolerance;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every operation on every device of this build, in every precision, against the reference. */
class OpParityTest {

    @RegisterExtension
    final Seeds seeds = new Seeds();

    /** Of the case that ran last. */
    private static @Nullable Expected expected;

    static Stream<Arguments> casesOnDevices() {
        // All devices of a case one after the other, so that its references are computed once.
        List<TestDevice> devices = TestDevice.all();
        return OpCases.all().stream().flatMap(op -> devices.stream().map(device -> Arguments.of(op, device)));
    }

    @ParameterizedTest(name = "{0} on {1}")
    @MethodSource("casesOnDevices")
    void everyOperationAgreesWithTheReferenceAndRepeatsItselfBitForBit(OpCase op, TestDevice device) {
        if (expected == null || !expected.op.name().equals(op.name())) {
            expected = new Expected(op);
        }
        Map<String, double[]> exact = expected.exact;
        List<Map<String, double[]>> plain = device.isReference() ? List.of() : expected.plain(device.precision());
        Map<String, double[]> got = run(op, device.open());
        assertThat(got.keySet()).isEqualTo(exact.keySet()).isNotEmpty();
        for (String result : exact.keySet()) {
            double allowed =
                    Tolerance.allowed(of(exact, result), of(plain, result), expected.began.getOrDefault(result, 0.0));
            Tolerance.assertWithin(op + " on " + device + ": " + result, of(exact, result), of(got, result), allowed);
        }
        Map<String, double[]> again = run(op, device.open());
        for (Map.Entry<String, double[]> result : got.entrySet()) {
            assertThat(again.get(result.getKey())).as(result.getKey()).isEqualTo(result.getValue());
        }
    }

    /** What a case must give, and what plain code makes of it. */
    private static final class Expected {
        private final OpCase op;
        private final Map<String, double[]> exact;
        private final Map<String, Double> began;
        private final Map<Precision, List<Map<String, double[]>>> plain = new EnumMap<>(Precision.class);

        Expected(OpCase op) {
            this.op = op;
            try (Backend backend = PlainCode.in(Precision.F64);
                    Scene scene = new Scene(backend, Seeds.random(op.name()))) {
                op.run().accept(scene);
                exact = scene.results();
                began = scene.began();
            }
        }

        List<Map<String, double[]>> plain(Precision precision) {
            return plain.computeIfAbsent(precision, wanted -> plainRuns(op, wanted, exact));
        }
    }

    /** The bound for single precision is tight enough to tell bfloat16 factors from single-precision ones. */
    @Test
    void productsOfBfloat16FactorsMissTheBoundOfSinglePrecision() {
        int tried = 0;
        for (OpCase op : OpCases.all()) {
            if (op.name().startsWith("lstm T7") || op.name().startsWith("decoder loss and gradients N33")) {
                Map<String, double[]> exact = run(op, PlainCode.in(Precision.F64));
                List<Map<String, double[]>> plain = plainRuns(op, Precision.F32, exact);
                Map<String, double[]> coarse = run(op, PlainCode.in(Precision.BF16));
                for (String result : exact.keySet()) {
                    assertThatThrownBy(() -> Tolerance.assertWithin(
                                    result, of(exact, result), of(plain, result), of(coarse, result)))
                            .as("%s: %s", op, result)
                            .isInstanceOf(AssertionError.class);
                    tried++;
                }
            }
        }
        assertThat(tried).isGreaterThan(20);
    }

    /**
     * What plain code gets, rounded to nearest and several times at random: the fewer numbers a case gives, the more runs
     * it takes to know how far they scatter.
     */
    private static List<Map<String, double[]>> plainRuns(OpCase op, Precision precision, Map<String, double[]> exact) {
        int numbers = exact.values().stream().mapToInt(values -> values.length).sum();
        int more = numbers < 5_000 ? 12 : numbers < 50_000 ? 4 : 1;
        List<Map<String, double[]>> runs = new ArrayList<>();
        runs.add(run(op, PlainCode.in(precision)));
        for (int i = 0; i < more; i++) {
            runs.add(run(op, PlainCode.in(precision, Seeds.random(op.name() + " rounding " + i))));
        }
        return runs;
    }

    private static double[] of(Map<String, double[]> results, String name) {
        return results.getOrDefault(name, new double[0]);
    }

    private static List<double[]> of(List<Map<String, double[]>> runs, String name) {
        return runs.stream().map(run -> of(run, name)).toList();
    }

    private static Map<String, double[]> run(OpCase op, Backend opened) {
        try (Backend backend = opened;
                Scene scene = new Scene(backend, Seeds.random(op.name()))) {
            op.run().accept(scene);
            return scene.results();
        }
    }
}
