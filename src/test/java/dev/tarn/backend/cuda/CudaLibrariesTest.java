package dev.tarn.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Where NVIDIA's libraries are looked for and what is said about each way in which they can be missing, in a file system of
 * the test's own and with a loader that loads nothing.
 */
class CudaLibrariesTest {

    @TempDir
    private Path temp;

    private final Map<String, String> environment = new HashMap<>();
    private final List<String> loaded = new ArrayList<>();
    private final List<CudaLibraries.Found> found = new ArrayList<>();
    private @Nullable String named;
    private Consumer<String> loader = loaded::add;

    private @Nullable String problem() throws IOException {
        LibraryFolders folders = new LibraryFolders(
                named,
                environment,
                Files.createDirectories(temp.resolve("home")),
                Files.createDirectories(temp.resolve("root")));
        return CudaLibraries.load(folders, loader, found);
    }

    private void problemIs(String... words) throws IOException {
        assertThat(problem())
                .isNotNull()
                .contains(words)
                .endsWith(".")
                .matches("[^.;]\\S.*")
                .doesNotContain("\n", "Exception");
    }

    private Path usual(String name, String soname, String... symbols) throws IOException {
        return FakeLibrary.write(temp.resolve("root/usr/lib/x86_64-linux-gnu/" + name), soname, symbols);
    }

    private Path driver() throws IOException {
        return usual("libcuda.so.1", "libcuda.so.1", FakeLibrary.CUDA);
    }

    private Path cublas() throws IOException {
        return usual("libcublas.so.12", "libcublas.so.12", FakeLibrary.CUBLAS);
    }

    private Path cudnn() throws IOException {
        return usual("libcudnn.so.9", "libcudnn.so.9", FakeLibrary.CUDNN);
    }

    @Test
    void withoutADriverNothingIsLoaded() throws IOException {
        cublas();
        cudnn();
        problemIs("there is no NVIDIA driver (libcuda.so.1 was not found)", "525.60.13", "--device cpu");
        assertThat(loaded).isEmpty();
    }

    @Test
    void aDriverAloneIsToldOfBothOthersAtOnce() throws IOException {
        driver();
        problemIs("cuBLAS 12", "cuDNN 9", "--cuda-libs");
    }

    @Test
    void oneThatIsMissingIsNamed() throws IOException {
        driver();
        cublas();
        problemIs("libcudnn.so.9 was not found", "--cuda-libs");
        Files.delete(cublas());
        cudnn();
        problemIs("libcublas.so.12 was not found");
    }

    @Test
    void anotherVersionIsNamedWithItsPath() throws IOException {
        driver();
        cudnn();
        Path other =
                FakeLibrary.write(temp.resolve("root/usr/local/cuda-13.0/lib64/libcublas.so.13"), "libcublas.so.13");
        problemIs("version 12 of libcublas is needed", other.toString(), "CUDA 12");
        cublas();
        Files.delete(cudnn());
        Path old = usual("libcudnn.so.8", "libcudnn.so.8");
        problemIs("version 9 of libcudnn is needed", old.toString(), "cuDNN 9 for CUDA 12");
    }

    @Test
    void aFileThatIsNoLibraryIsNotLoaded() throws IOException {
        Path file = driver();
        Files.writeString(file, "this is a text");
        problemIs(file + " cannot be used: it is no shared library", "install driver");
        Files.write(file, new byte[0]);
        problemIs("it is no shared library");
        assertThat(loaded).isEmpty();
    }

    @Test
    void aLibraryForAnotherProcessorIsNotLoaded() throws IOException {
        byte[] arm = FakeLibrary.bytes("libcuda.so.1", FakeLibrary.CUDA);
        arm[18] = (byte) 183;
        Files.write(driver(), arm);
        problemIs("it is for another processor than x86_64");
        byte[] narrow = FakeLibrary.bytes("libcuda.so.1", FakeLibrary.CUDA);
        narrow[4] = 1;
        Files.write(driver(), narrow);
        problemIs("it is for another processor than x86_64");
        assertThat(loaded).isEmpty();
    }

    @Test
    void aLibraryUnderAFalseNameIsNotLoaded() throws IOException {
        driver();
        cudnn();
        Path file = usual("libcublas.so.12", "libcublas.so.13", FakeLibrary.CUBLAS);
        problemIs(file.toString(), "it calls itself libcublas.so.13");
        assertThat(loaded).hasSize(1);
    }

    @Test
    void aLibraryThatLacksWhatIsCalledIsNotLoaded() throws IOException {
        usual("libcuda.so.1", "libcuda.so.1", "cuInit", "cuLaunchKernel");
        problemIs("it has no cuDevicePrimaryCtxRetain");
        assertThat(loaded).isEmpty();
    }

    @Test
    void aDamagedLibraryIsNotLoaded() throws IOException {
        byte[] whole = FakeLibrary.bytes("libcuda.so.1", FakeLibrary.CUDA);
        Path file = driver();
        for (int length = 0; length < whole.length; length++) {
            Files.write(file, Arrays.copyOf(whole, length));
            problemIs(file.toString());
        }
        for (int i = 0; i < whole.length; i++) {
            byte[] damaged = whole.clone();
            damaged[i] ^= (byte) 0x80;
            Files.write(file, damaged);
            problem(); // whatever it says, it says it in words
        }
        assertThat(loaded).allMatch(path -> path.endsWith("libcuda.so.1"));
    }

    @Test
    void theLoadersOwnWordsAreTold() throws IOException {
        Path file = driver();
        loader = path -> {
            throw new UnsatisfiedLinkError(path + ": /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.38' not found"
                    + " (required by " + path + ") (Possible cause: architecture word width mismatch)");
        };
        problemIs(file + " cannot be used: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.38' not found");
        assertThat(problem()).doesNotContain("Possible cause");
    }

    @Test
    void foldersThatTheUserNamesComeFirstForAllThree() throws IOException {
        driver();
        cublas();
        cudnn();
        Path other = FakeLibrary.all(Files.createDirectories(temp.resolve("other")));
        Path mine = FakeLibrary.all(Files.createDirectories(temp.resolve("mine")));
        environment.put("LD_LIBRARY_PATH", "::" + other);
        assertThat(problem()).isNull();
        assertThat(found).extracting(CudaLibraries.Found::origin).containsOnly("LD_LIBRARY_PATH");
        environment.put("TARN_CUDA_LIBS", other + ":" + mine);
        named = mine.toString();
        loaded.clear();
        found.clear();
        assertThat(problem()).isNull();
        assertThat(loaded).containsExactly(mine + "/libcuda.so.1", mine + "/libcublas.so.12", mine + "/libcudnn.so.9");
        assertThat(found).extracting(CudaLibraries.Found::origin).containsOnly("--cuda-libs");
    }

    @Test
    void aBadFileIsPassedOverUnlessTheUserNamedItsFolder() throws IOException {
        driver();
        cublas();
        cudnn();
        Path bad = Files.createDirectories(temp.resolve("bad"));
        Files.writeString(bad.resolve("libcublas.so.12"), "text");
        environment.put("LD_LIBRARY_PATH", bad.toString());
        assertThat(problem()).isNull();
        named = bad.toString();
        problemIs(bad + "/libcublas.so.12 cannot be used");
    }

    @Test
    void aFolderThatDoesNotExistIsAMistake() throws IOException {
        named = temp.resolve("none").toString();
        problemIs(named, "does not exist", "libcudnn.so.9");
    }

    @Test
    void whatALibraryNeedsIsLoadedBeforeIt() throws IOException {
        driver();
        Path cublas = cublas();
        Path cudnn = cudnn();
        usual("libcublasLt.so.12", "libcublasLt.so.12");
        for (String part : List.of("adv", "cnn", "graph", "ops")) {
            usual("libcudnn_" + part + ".so.9", "libcudnn_" + part + ".so.9");
        }
        assertThat(problem()).isNull();
        assertThat(loaded)
                .extracting(path -> Path.of(path).getFileName().toString())
                .containsExactly(
                        "libcuda.so.1",
                        "libcublasLt.so.12",
                        "libcublas.so.12",
                        "libcudnn_graph.so.9",
                        "libcudnn_ops.so.9",
                        "libcudnn_cnn.so.9",
                        "libcudnn_adv.so.9",
                        "libcudnn.so.9");
        assertThat(found)
                .extracting(CudaLibraries.Found::path)
                .contains(cublas, cublas.resolveSibling("libcublasLt.so.12"), cudnn);
    }

    @Test
    void everyPlaceIsLookedAt() throws IOException {
        Path root = Files.createDirectories(temp.resolve("root"));
        Path home = temp.resolve("home");
        Path cached = temp.resolve("odd");
        for (Path place : List.of(
                temp.resolve("toolkit/lib64"),
                cached,
                root.resolve("usr/lib/wsl/lib"),
                root.resolve("usr/lib64"),
                root.resolve("usr/local/cuda-12.6/lib64"),
                root.resolve("usr/local/nvidia/lib64"),
                root.resolve("run/opengl-driver/lib"),
                temp.resolve("venv/lib/python3.12/site-packages/nvidia/cudnn/lib"),
                temp.resolve("conda/lib"),
                temp.resolve("conda/lib/python3.11/site-packages/nvidia/cublas/lib"),
                home.resolve(".local/lib/python3.10/site-packages/nvidia/cudnn/lib"),
                root.resolve("usr/local/lib/python3.9/dist-packages/nvidia/cudnn/lib"),
                root.resolve("usr/lib/python3/dist-packages/nvidia/cudnn/lib"))) {
            FakeLibrary.write(place.resolve("libcudnn.so.9"), "libcudnn.so.9", FakeLibrary.CUDNN);
            environment.putAll(Map.of(
                    "CUDA_HOME", temp.resolve("toolkit").toString(),
                    "VIRTUAL_ENV", temp.resolve("venv").toString(),
                    "CONDA_PREFIX", temp.resolve("conda").toString()));
            Files.createDirectories(root.resolve("etc"));
            Files.writeString(
                    root.resolve("etc/ld.so.cache"),
                    "glibc-ld.so.cache1.1\0libcudnn.so.9\0" + cached + "/libcudnn.so.9\0",
                    StandardCharsets.ISO_8859_1);
            LibraryFolders folders = new LibraryFolders(null, environment, home, root);
            assertThat(folders.find("libcudnn.so.9"))
                    .extracting(LibraryFolders.Candidate::file)
                    .as(place.toString())
                    .containsExactly(place.resolve("libcudnn.so.9"));
            Files.delete(place.resolve("libcudnn.so.9"));
        }
    }

    @Test
    void theVersionIsThatOfTheFileBehindTheLink() throws IOException {
        Path file = driver();
        Files.move(file, file.resolveSibling("libcuda.so.550.90.07"));
        Files.createSymbolicLink(file, Path.of("libcuda.so.550.90.07"));
        cublas();
        cudnn();
        assertThat(problem()).isNull();
        assertThat(found).extracting(CudaLibraries.Found::version).containsExactly("550.90.07", null, null);
        assertThat(found.get(0).path()).isEqualTo(file);
    }

    @Test
    void otherSystemsAreTurnedAway() {
        assertThat(CudaLibraries.platformProblem("Linux", "amd64")).isNull();
        assertThat(CudaLibraries.platformProblem("Mac OS X", "aarch64"))
                .contains("Linux on x86_64 only", "Mac OS X on aarch64", "--device cpu");
    }
}
