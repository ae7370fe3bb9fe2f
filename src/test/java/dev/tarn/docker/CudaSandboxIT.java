package dev.tarn.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code Dockerfile.cuda} without an engine, on the software device. */
class CudaSandboxIT extends ImageContract {

    private static final Path DEVICE = Path.of("target/native/device");

    @TempDir
    private static Path empty;

    @Override
    void assumePossible() throws IOException, InterruptedException {
        Sandbox.assumePossible();
        Skipped.unless(
                Files.exists(DEVICE.resolve("libcuda.so.1")),
                "no software CUDA device, which takes Linux on x86-64 with cmake and a C++ compiler");
    }

    @Override
    Box open() throws IOException {
        return Sandbox.open("Dockerfile.cuda", DEVICE);
    }

    @Override
    String device() {
        return "cuda:0";
    }

    @Test
    void itsLossesAreThoseOfTheProcessor() throws IOException, InterruptedException {
        Losses.train(box(), "cuda:0").mustBeCloseTo(Losses.train(box(), "cpu"));
    }

    @Test
    void jcudaIsUnpackedWhereItMayBeRunFrom() throws IOException, InterruptedException {
        box().start("doctor");
        assertThat(box().exec("ls", "/data/.cache/tarn").out()).startsWith("jcuda-12.6.0-");
    }

    /** The processor alone is not what this image is for. */
    @Test
    void withoutAGpuItsHealthcheckFails() throws IOException, InterruptedException {
        try (Box without = Sandbox.open("Dockerfile.cuda", empty)) {
            assertThat(without.start("doctor").code()).isZero();
            assertThat(without.isHealthy()).isFalse();
        }
    }
}
