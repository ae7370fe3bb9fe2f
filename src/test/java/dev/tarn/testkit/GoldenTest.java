package dev.tarn.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;

class GoldenTest {

    @TestFactory
    Stream<DynamicTest> everyTensorIsReadInTheShapeAndSizeThatItsCaseDescribes() {
        return Golden.cases("").stream()
                .map(golden -> DynamicTest.dynamicTest(golden.name(), () -> {
                    JsonNode described = golden.json().path("tensors");
                    assertThat(golden.keys()).hasSize(described.size());
                    for (String key : golden.keys()) {
                        JsonNode tensor = described.path(key);
                        int[] shape = golden.shape(key);
                        assertThat(shape).hasSize(tensor.path("shape").size());
                        for (int axis = 0; axis < shape.length; axis++) {
                            assertThat(shape[axis])
                                    .isEqualTo(tensor.path("shape").path(axis).asInt());
                        }
                        double largest = 0;
                        for (double value : golden.tensor(key)) {
                            largest = Math.max(largest, Math.abs(value));
                        }
                        if (tensor.has("absmax")) {
                            assertThat(largest)
                                    .as(key)
                                    .isEqualTo(tensor.path("absmax").asDouble());
                        }
                    }
                }));
    }

    @Test
    void aValueWithinTheToleranceIsCloseAndOneBeyondOrNotANumberIsNot() {
        List<GoldenCase> cases = Golden.cases("01-lstm-layer");
        if (cases.isEmpty()) {
            return;
        }
        GoldenCase golden = cases.get(0);
        double[] values = golden.tensor("y");
        double allowed = golden.tolerance("y");
        assertThat(allowed).isPositive().isLessThan(1e-4);
        assertThatCode(() -> golden.assertClose("y", values)).doesNotThrowAnyException();
        values[0] += 0.9 * allowed;
        assertThatCode(() -> golden.assertClose("y", values)).doesNotThrowAnyException();
        values[0] += 0.2 * allowed;
        assertThatThrownBy(() -> golden.assertClose("y", values)).isInstanceOf(AssertionError.class);
        values[0] = Double.NaN;
        assertThatThrownBy(() -> golden.assertClose("y", values)).isInstanceOf(AssertionError.class);
    }
}
