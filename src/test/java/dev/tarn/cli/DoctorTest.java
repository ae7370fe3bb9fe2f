package dev.tarn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tarn.backend.cuda.FakeLibrary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** {@code tarn doctor} survives whatever is installed, and every command says in one line why CUDA cannot be used. */
class DoctorTest {

    @TempDir
    private Path temp;

    private String out(int exitCode, String... args) throws IOException, InterruptedException {
        Path log = temp.resolve("log.txt");
        assertThat(Tarn.start(log, args).waitFor()).as(Files.readString(log)).isEqualTo(exitCode);
        return Files.readString(log);
    }

    @Test
    void theProcessorCanAlwaysTrain() throws IOException, InterruptedException {
        assertThat(out(0, "doctor")).contains("ok   device cpu f32", "device cuda");
        assertThat(out(0, "doctor", "--json"))
                .startsWith("{\"event\":\"doctor\"")
                .contains("\"what\":\"device cpu f32\",\"ok\":true")
                .hasLineCount(1);
    }

    /** They load, and the first call into one of them ends the process: that must not be the doctor's own. */
    @Test
    @EnabledOnOs(value = OS.LINUX, architectures = "amd64")
    void librariesThatEndTheProcessAreALineOfTheReport() throws IOException, InterruptedException {
        Path libraries = FakeLibrary.all(temp);
        List<String> lines =
                out(0, "doctor", "--cuda-libs", libraries.toString()).lines().toList();
        assertThat(lines)
                .anyMatch(line -> line.startsWith("ok   library libcudnn") && line.contains("(by --cuda-libs)"));
        assertThat(lines)
                .anyMatch(line -> line.startsWith("--   device cuda")
                        && line.contains("exit code 127")
                        && line.contains("undefined symbol: cuInit"));
        assertThat(lines).anyMatch(line -> line.startsWith("ok   device cpu f32"));
    }

    @Test
    void withoutADriverAskingForCudaIsOneLine() throws IOException, InterruptedException {
        Assumptions.assumeFalse(
                Stream.of("/dev/nvidiactl", "/dev/dxg").anyMatch(device -> Files.exists(Path.of(device))),
                "there is a GPU");
        String text = Tarn.text(temp, "text.txt", 60).toString();
        String run = temp.resolve("run").toString();
        assertThat(out(4, "lm", "train", "--device", "cuda:0", "--train", text, "--run", run))
                .startsWith("tarn: --device cuda:0 cannot be used: ")
                .endsWith("or use --device cpu.\n")
                .hasLineCount(1);
        assertThat(temp.resolve("run")).doesNotExist();
    }

    @Test
    @EnabledOnOs(value = OS.LINUX, architectures = "amd64")
    void aLibraryThatIsNoneIsOneLineAndAnErrorWhereCudaIsAskedFor() throws IOException, InterruptedException {
        Files.writeString(temp.resolve("libcuda.so.1"), "no library");
        String text = Tarn.text(temp, "text.txt", 60).toString();
        String run = temp.resolve("run").toString();
        assertThat(out(
                        4,
                        "lm",
                        "train",
                        "--device",
                        "cuda",
                        "--cuda-libs",
                        temp.toString(),
                        "--train",
                        text,
                        "--run",
                        run))
                .startsWith("tarn: --device cuda cannot be used: " + temp
                        + "/libcuda.so.1 cannot be used: it is no shared" + " library")
                .endsWith("or use --device cpu.\n")
                .hasLineCount(1);
        assertThat(temp.resolve("run")).doesNotExist();
        assertThat(out(
                        0,
                        "lm",
                        "train",
                        "--cuda-libs",
                        temp.toString(),
                        "--train",
                        text,
                        "--run",
                        run,
                        "--emb-sz",
                        "8",
                        "--n-hid",
                        "12",
                        "--bs",
                        "4",
                        "--bptt",
                        "8",
                        "--epochs",
                        "1",
                        "--tokenizer",
                        "whitespace"))
                .contains("--device auto passes cuda over: " + temp + "/libcuda.so.1 cannot be used")
                .contains("device    cpu (chosen by auto)");
        assertThat(out(0, "doctor", "--cuda-libs", temp.toString())).contains("it is no shared library");
    }
}
