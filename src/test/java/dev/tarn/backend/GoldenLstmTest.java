package dev.tarn.backend;

import dev.tarn.testkit.Golden;
import dev.tarn.testkit.GoldenCase;
import dev.tarn.testkit.TestDevice;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** PyTorch's LSTM layer, forward and backward, on every device; the files are batch first. */
class GoldenLstmTest {

    @TestFactory
    Stream<DynamicTest> everyGoldenLayerComesOutOnEveryDevice() {
        return TestDevice.all().stream()
                // The files hold what single precision gives; bfloat16 is held to the reference instead.
                .filter(device -> device.precision() == Precision.F32 || device.isReference())
                .flatMap(device -> Golden.cases("01-lstm-layer").stream()
                        .map(golden ->
                                DynamicTest.dynamicTest(golden.name() + " on " + device, () -> run(golden, device))));
    }

    private static void run(GoldenCase golden, TestDevice device) {
        int b = golden.config().path("B").asInt();
        int t = golden.config().path("T").asInt();
        int i = golden.config().path("I").asInt();
        int h = golden.config().path("H").asInt();
        try (Backend backend = device.open();
                Arena arena = backend.arena("golden");
                Lstm lstm = backend.lstm(b, t, i, h)) {
            Loader loader = new Loader(golden, backend, arena);
            lstm.load(
                    new LstmWeights(
                            loader.put("w_ih", 4 * h, i),
                            loader.put("w_hh", 4 * h, h),
                            loader.put("b_ih", 4 * h),
                            loader.put("b_hh", 4 * h)),
                    Mask.NONE);
            Tensor x = loader.putSequence("x", t, b, i);
            Tensor h0 = loader.put("h0", b, h);
            Tensor c0 = loader.put("c0", b, h);
            Tensor y = arena.real("y", t, b, h);
            Tensor hT = arena.real("hT", b, h);
            Tensor cT = arena.real("cT", b, h);
            lstm.forward(x, h0, c0, y, hT, cT, true);
            golden.assertClose("y", swap(loader.read(y), t, b, h));
            golden.assertClose("hn", loader.read(hT));
            golden.assertClose("cn", loader.read(cT));

            LstmWeights gradients = new LstmWeights(
                    arena.real("dwIh", 4 * h, i),
                    arena.real("dwHh", 4 * h, h),
                    arena.real("dbIh", 4 * h),
                    arena.real("dbHh", 4 * h));
            Tensor dx = arena.real("dx", t, b, i);
            Tensor dh0 = arena.real("dh0", b, h);
            Tensor dc0 = arena.real("dc0", b, h);
            lstm.backward(
                    x,
                    h0,
                    c0,
                    y,
                    loader.putSequence("dy", t, b, h),
                    loader.put("dhn", b, h),
                    loader.put("dcn", b, h),
                    dx,
                    dh0,
                    dc0,
                    gradients);
            golden.assertClose("d_x", swap(loader.read(dx), t, b, i));
            golden.assertClose("d_h0", loader.read(dh0));
            golden.assertClose("d_c0", loader.read(dc0));
            golden.assertClose("d_w_ih", loader.read(gradients.wIh()));
            golden.assertClose("d_w_hh", loader.read(gradients.wHh()));
            golden.assertClose("d_b_ih", loader.read(gradients.bIh()));
            golden.assertClose("d_b_hh", loader.read(gradients.bHh()));
        }
    }

    private record Loader(GoldenCase golden, Backend backend, Arena arena) {

        Tensor put(String key, int... shape) {
            return put(key, golden.tensor(key), shape);
        }

        /** A batch-first tensor of the files, time-major on the device. */
        Tensor putSequence(String key, int t, int b, int width) {
            return put(key, swap(golden.tensor(key), b, t, width), t, b, width);
        }

        private Tensor put(String key, double[] values, int... shape) {
            Tensor tensor = arena.real(key, shape);
            backend.upload(values, tensor);
            return tensor;
        }

        double[] read(Tensor tensor) {
            double[] values = new double[(int) tensor.size()];
            backend.download(tensor, values);
            return values;
        }
    }

    /** Swaps the first two axes of [outer,inner,width]. */
    private static double[] swap(double[] values, int outer, int inner, int width) {
        double[] swapped = new double[values.length];
        for (int o = 0; o < outer; o++) {
            for (int n = 0; n < inner; n++) {
                System.arraycopy(values, (o * inner + n) * width, swapped, (n * outer + o) * width, width);
            }
        }
        return swapped;
    }
}
