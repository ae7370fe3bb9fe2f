package dev.tarn.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tarn.OutOfDeviceMemoryException;
import dev.tarn.testkit.Seeds;
import dev.tarn.testkit.TestDevice;
import java.util.List;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Arenas, tensors, transfers and readbacks on every device. */
class MemoryTest {

    @RegisterExtension
    final Seeds seeds = new Seeds();

    static List<TestDevice> devices() {
        return TestDevice.all();
    }

    @ParameterizedTest
    @MethodSource("devices")
    void freshTensorsHoldZerosAndCountTheirBytes(TestDevice device) {
        try (Backend backend = device.open()) {
            // The second round may be given memory that the first has used.
            for (int round = 0; round < 2; round++) {
                try (Arena arena = backend.arena("fresh")) {
                    assertThat(arena.bytes()).isZero();
                    Tensor real = arena.real("real", 33, 71);
                    Tensor ids = arena.ids("ids", 33, 71);
                    assertThat(arena.bytes()).isBetween(2 * 4L * 33 * 71, 20L * 33 * 71);
                    assertThat(real.kind()).isEqualTo(Tensor.Kind.REAL);
                    assertThat(ids.kind()).isEqualTo(Tensor.Kind.IDS);
                    assertThat(real.size()).isEqualTo(33 * 71);
                    assertThat(real.shape()).containsExactly(33, 71);
                    assertThat(reals(backend, real)).containsOnly(0);
                    assertThat(ids(backend, ids)).containsOnly(0);
                    backend.upload(seeds.doubles(33 * 71, 1), real);
                    backend.upload(seeds.ids(33 * 71, 1000), ids);
                    backend.zero(ids);
                    assertThat(ids(backend, ids)).containsOnly(0);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void whatIsUploadedIsDownloadedAndIdsMayComeFromALongerArray(TestDevice device) {
        try (Backend backend = device.open();
                Arena arena = backend.arena("transfers")) {
            Tensor real = arena.real("real", 7, 3);
            float[] floats = seeds.floats(21, 1);
            backend.upload(floats, real);
            float[] back = new float[21];
            backend.download(real, back);
            assertThat(back).isEqualTo(floats);

            double[] doubles = seeds.doubles(21, 1);
            backend.upload(doubles, real);
            double[] backDoubles = reals(backend, real);
            for (int i = 0; i < 21; i++) {
                assertThat((float) backDoubles[i]).isEqualTo((float) doubles[i]);
            }

            Tensor ids = arena.ids("ids", 5);
            int[] longer = {3, 1, 4, 1, 5, 9, 2};
            backend.upload(longer, ids);
            longer[0] = 99;
            assertThat(ids(backend, ids)).containsExactly(3, 1, 4, 1, 5);

            assertThatThrownBy(() -> backend.upload(new float[20], real)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> backend.upload(new double[22], real)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> backend.download(real, new float[22]))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> backend.upload(new int[4], ids)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> backend.upload(new int[21], real)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void aViewSharesItsMemoryAndStaysInside(TestDevice device) {
        try (Backend backend = device.open();
                Arena arena = backend.arena("views")) {
            Tensor whole = arena.real("whole", 4, 3);
            backend.upload(new float[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, whole);
            Tensor view = whole.view(4, 2, 2);
            assertThat(view.shape()).containsExactly(2, 2);
            assertThat(reals(backend, view)).containsExactly(4, 5, 6, 7);
            Tensor nested = view.view(1, 2);
            backend.upload(new float[] {50, 60}, nested);
            assertThat(reals(backend, whole)).containsExactly(0, 1, 2, 3, 4, 50, 60, 7, 8, 9, 10, 11);
            assertThat(whole.first(2).shape()).containsExactly(2, 3);
            assertThat(reals(backend, whole.first(2))).containsExactly(0, 1, 2, 3, 4, 50);

            Tensor ids = arena.ids("ids", 4);
            backend.upload(new int[] {1, 2, 3, 4}, ids);
            assertThat(ids(backend, ids.view(1, 2))).containsExactly(2, 3);

            for (Runnable beyond : List.<Runnable>of(
                    () -> whole.view(0, 13),
                    () -> whole.view(9, 2, 2),
                    () -> whole.view(-1, 2),
                    () -> view.view(0, 5),
                    () -> whole.first(5))) {
                assertThatThrownBy(beyond::run).isInstanceOf(IllegalArgumentException.class);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void aReadbackGivesWhatTheTensorHeldWhenItWasRecorded(TestDevice device) {
        try (Backend backend = device.open();
                Arena arena = backend.arena("readbacks")) {
            Tensor stats = arena.real("stats", 2);
            Readback readback = backend.readback(stats);
            double[] out = new double[2];
            assertThatThrownBy(() -> readback.await(out)).isInstanceOf(IllegalStateException.class);
            backend.upload(new float[] {1, 2}, stats);
            readback.record();
            backend.upload(new float[] {3, 4}, stats);
            readback.await(out);
            assertThat(out).containsExactly(1, 2);
            readback.record();
            backend.upload(new float[] {5, 6}, stats);
            readback.record();
            backend.zero(stats);
            readback.await(out);
            assertThat(out).containsExactly(5, 6);
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void aTensorThatCannotFitIsRefusedByItsNameAndShape(TestDevice device) {
        try (Backend backend = device.open();
                Arena arena = backend.arena("huge")) {
            assertThatThrownBy(() -> arena.real("logits", 1 << 20, 1 << 24))
                    .isInstanceOf(OutOfDeviceMemoryException.class)
                    .hasMessageContaining("logits")
                    .hasMessageContaining("1048576")
                    .hasMessageContaining("16777216");
        }
    }

    private static double[] reals(Backend backend, Tensor tensor) {
        double[] values = new double[(int) tensor.size()];
        backend.download(tensor, values);
        return values;
    }

    private static int[] ids(Backend backend, Tensor tensor) {
        int[] values = new int[(int) tensor.size()];
        backend.download(tensor, values);
        return values;
    }
}
