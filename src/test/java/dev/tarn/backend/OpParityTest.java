package dev.tarn.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tarn.backend.reference.PlainCode;
import dev.tarn.testkit.Seeds;
import dev.tarn.testkit.Tolerance;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every operation on every device of this build, in every precision, against the reference. */
class OpParityTest {

    @RegisterExtension
    final Seeds seeds = new Seeds();

    static Stream<Arguments> casesOnDevices() {
        return TestDevice.all().stream()
                .flatMap(device -> OpCases.all().stream().map(op -> Arguments.of(op, device)));
    }

    @ParameterizedTest(name = "{0} on {1}")
    @MethodSource("casesOnDevices")
    void everyOperationAgreesWithTheReferenceAndRepeatsItselfBitForBit(OpCase op, TestDevice device) {
        Map<String, double[]> exact = run(op, PlainCode.in(Precision.F64));
        Map<String, double[]> plain = run(op, PlainCode.in(device.precision()));
        Map<String, double[]> got = run(op, device.open());
        assertThat(got.keySet()).isEqualTo(exact.keySet()).isNotEmpty();
        for (String result : exact.keySet()) {
            Tolerance.assertWithin(
                    op + " on " + device + ": " + result,
                    exact.getOrDefault(result, new double[0]),
                    plain.getOrDefault(result, new double[0]),
                    got.getOrDefault(result, new double[0]));
        }
        Map<String, double[]> again = run(op, device.open());
        for (Map.Entry<String, double[]> result : got.entrySet()) {
            assertThat(again.get(result.getKey())).as(result.getKey()).isEqualTo(result.getValue());
        }
    }

    /** The bound for single precision is tight enough to tell bfloat16 factors from single-precision ones. */
    @Test
    void productsOfBfloat16FactorsMissTheBoundOfSinglePrecision() {
        int tried = 0;
        for (OpCase op : OpCases.all()) {
            if (op.name().startsWith("lstm T7") || op.name().startsWith("decoder loss and gradients N33")) {
                Map<String, double[]> exact = run(op, PlainCode.in(Precision.F64));
                Map<String, double[]> plain = run(op, PlainCode.in(Precision.F32));
                Map<String, double[]> coarse = run(op, PlainCode.in(Precision.BF16));
                for (String result : exact.keySet()) {
                    double[] expected = exact.getOrDefault(result, new double[0]);
                    double[] single = plain.getOrDefault(result, new double[0]);
                    double[] got = coarse.getOrDefault(result, new double[0]);
                    assertThatThrownBy(() -> Tolerance.assertWithin(result, expected, single, got))
                            .as("%s: %s", op, result)
                            .isInstanceOf(AssertionError.class);
                    tried++;
                }
            }
        }
        assertThat(tried).isGreaterThan(20);
    }

    private static Map<String, double[]> run(OpCase op, Backend opened) {
        try (Backend backend = opened;
                Scene scene = new Scene(backend, Seeds.random(op.name()))) {
            op.run().accept(scene);
            return scene.results();
        }
    }
}
