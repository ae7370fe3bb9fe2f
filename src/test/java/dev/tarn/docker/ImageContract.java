package dev.tarn.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What an image of Tarn does, with everything but {@code /data} and {@code /tmp} read-only. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class ImageContract {

    private @Nullable Box box;
    private boolean isTried;

    /** Skips a test, with the reason, where the box cannot be. */
    abstract void assumePossible() throws IOException, InterruptedException;

    abstract Box open() throws IOException;

    /** What the image trains on. */
    abstract String device();

    @BeforeEach
    final void possible() throws IOException, InterruptedException {
        assumePossible();
    }

    /** Opened once: an image that cannot be built is not to be built again for every test. */
    final Box box() throws IOException {
        if (!isTried) {
            isTried = true;
            box = open();
        }
        if (box == null) {
            throw new IllegalStateException("the image could not be opened; the first test to fail says why");
        }
        return box;
    }

    @AfterAll
    final void close() throws IOException {
        if (box != null) {
            box.close();
        }
    }

    @Test
    void itsStartIsTarn() throws IOException, InterruptedException {
        Box.Outcome outcome = box().start("doctor", "--json");
        assertThat(outcome.code()).as(outcome.err()).isZero();
        String family = device().replaceFirst(":.*", "");
        assertThat(outcome.out())
                .startsWith("{\"event\":\"doctor\"")
                .contains("\"what\":\"device " + family + " f32\",\"ok\":true");
        assertThat(outcome.out()).doesNotContain("cannot be written");
    }

    @Test
    void itsHealthcheckPasses() throws IOException, InterruptedException {
        assertThat(box().isHealthy()).isTrue();
    }

    @Test
    void itDoesNotRunAsRoot() throws IOException, InterruptedException {
        assertThat(box().exec("id", "-u").out().strip()).isEqualTo("10001");
        assertThat(box().exec("id", "-g").out().strip()).isEqualTo("10001");
    }

    @Test
    void nothingButDataAndTemporaryFilesCanBeWritten() throws IOException, InterruptedException {
        for (String folder : new String[] {"/", "/opt/tarn", "/opt/tarn/target/lib", "/etc", "/usr/lib"}) {
            assertThat(box().exec("touch", folder + "/probe").code()).as(folder).isNotZero();
        }
        for (String folder : new String[] {"/data", "/tmp"}) {
            Box.Outcome outcome = box().exec("touch", folder + "/probe");
            assertThat(outcome.code()).as(folder + ": " + outcome.err()).isZero();
        }
    }

    @Test
    void itTrains() throws IOException, InterruptedException {
        Losses.train(box(), device()).mustFall();
        // Native libraries were unpacked where they may be run from.
        assertThat(box().exec("ls", "-A", "/data/.cache").out()).contains("javacpp");
        assertThat(box().exec("ls", "-A", "/data/.cache/javacpp").out()).isNotBlank();
    }
}
