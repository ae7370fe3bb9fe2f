package dev.tarn.docker;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** {@code Dockerfile.cpu} without an engine. */
class CpuSandboxIT extends ImageContract {

    @TempDir
    private static Path empty;

    @Override
    void assumePossible() throws IOException, InterruptedException {
        Sandbox.assumePossible();
    }

    @Override
    Box open() throws IOException {
        return Sandbox.open("Dockerfile.cpu", empty);
    }

    @Override
    String device() {
        return "cpu";
    }
}
