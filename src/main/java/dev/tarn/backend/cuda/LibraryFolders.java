package dev.tarn.backend.cuda;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where NVIDIA's libraries are looked for, in this order: what the user names ({@code --cuda-libs}, TARN_CUDA_LIBS), what
 * the environment names (LD_LIBRARY_PATH, CUDA_HOME, CUDA_PATH), what the system's loader knows, the usual folders of
 * drivers and toolkits, and Python environments, into which many people install nothing but the libraries.
 *
 * @param root the root of the file system; tests have their own
 */
record LibraryFolders(@Nullable String named, Map<String, String> environment, Path home, Path root) {

    /** The system property behind {@code --cuda-libs}. */
    static final String PROPERTY = "tarn.cuda.libs";

    /** Those of the driver in WSL come first: a driver of the Linux inside, if any, sees no GPU. */
    private static final List<String> USUAL = List.of(
            "usr/lib/wsl/lib",
            "usr/lib/x86_64-linux-gnu",
            "usr/lib64",
            "usr/lib",
            "usr/local/cuda*/lib64",
            "usr/local/nvidia/lib64",
            "run/opengl-driver/lib");

    private static final List<String> PYTHON = List.of(
            "lib/python3*/site-packages/nvidia/{cublas,cudnn}/lib",
            "lib/python3*/dist-packages/nvidia/{cublas,cudnn}/lib");

    /** The place of one copy of a library. */
    record Candidate(Path file, String origin, boolean isNamed) {}

    private record Source(String origin, boolean isNamed, Supplier<List<Path>> folders) {}

    /** Of this process. */
    static LibraryFolders ofThisProcess() {
        return new LibraryFolders(
                System.getProperty(PROPERTY), System.getenv(), Path.of(System.getProperty("user.home")), Path.of("/"));
    }

    /** A folder that the user names and that is none, as the user names it; null if there is no such mistake. */
    @Nullable
    String mistake() {
        for (String list : new String[] {named, environment.get("TARN_CUDA_LIBS")}) {
            for (String folder : words(list)) {
                if (!isFolder(folder)) {
                    return folder;
                }
            }
        }
        return null;
    }

    /** Every copy of a library that there is, the one to take first. */
    List<Candidate> find(String name) {
        List<Candidate> found = new ArrayList<>();
        for (Source source : sources(name)) {
            for (Path folder : source.folders().get()) {
                Path file = folder.resolve(name);
                if (Files.isRegularFile(file) && found.stream().noneMatch(other -> isSame(other.file(), file))) {
                    found.add(new Candidate(file, source.origin(), source.isNamed()));
                }
            }
        }
        return found;
    }

    /** A library of the same kind but of another version, such as {@code libcublas.so.13}; null if there is none. */
    @Nullable
    Path otherVersion(String stem, String name) {
        for (Source source : sources(name)) {
            for (Path folder : source.folders().get()) {
                List<Path> versions = new ArrayList<>(glob(folder, stem + ".[0-9]*"));
                versions.removeIf(file -> !file.getFileName().toString().matches(Pattern.quote(stem) + "\\.\\d+"));
                if (!versions.isEmpty()) {
                    return versions.get(0);
                }
            }
        }
        return null;
    }

    private List<Source> sources(String name) {
        return List.of(
                new Source("--cuda-libs", true, () -> paths(named)),
                new Source("TARN_CUDA_LIBS", true, () -> paths(environment.get("TARN_CUDA_LIBS"))),
                new Source("LD_LIBRARY_PATH", false, () -> paths(environment.get("LD_LIBRARY_PATH"))),
                new Source("CUDA_HOME", false, () -> inside(environment.get("CUDA_HOME"), "lib64")),
                new Source("CUDA_PATH", false, () -> inside(environment.get("CUDA_PATH"), "lib64")),
                new Source("the loader's cache", false, () -> cached(name)),
                new Source("the usual places", false, () -> globs(root, USUAL)),
                new Source("Python", false, this::python));
    }

    private List<Path> python() {
        List<Path> folders = new ArrayList<>();
        folders.addAll(inside(environment.get("VIRTUAL_ENV"), PYTHON));
        folders.addAll(inside(environment.get("CONDA_PREFIX"), "lib"));
        folders.addAll(inside(environment.get("CONDA_PREFIX"), PYTHON));
        folders.addAll(globs(home.resolve(".local"), PYTHON));
        folders.addAll(globs(root.resolve("usr"), PYTHON));
        folders.addAll(globs(root.resolve("usr/local"), PYTHON));
        return folders;
    }

    /** The folder in which the system's loader would find the library; its cache holds the names and paths as text. */
    private List<Path> cached(String name) {
        try {
            String cache = Files.readString(root.resolve("etc/ld.so.cache"), StandardCharsets.ISO_8859_1);
            List<Path> folders = new ArrayList<>();
            Matcher path = Pattern.compile("\0(/[^\0]{1,4096})/" + Pattern.quote(name) + "\0")
                    .matcher(cache);
            while (path.find()) {
                folders.add(Path.of(path.group(1)));
            }
            return folders;
        } catch (IOException | InvalidPathException e) {
            return List.of();
        }
    }

    private static boolean isSame(Path first, Path second) {
        try {
            return Files.isSameFile(first, second);
        } catch (IOException e) {
            return false;
        }
    }

    private static List<String> words(@Nullable String list) {
        return list == null
                ? List.of()
                : Stream.of(list.split(File.pathSeparator, -1))
                        .filter(word -> !word.isBlank())
                        .toList();
    }

    private static boolean isFolder(String name) {
        try {
            return Files.isDirectory(Path.of(name));
        } catch (InvalidPathException e) {
            return false;
        }
    }

    private static List<Path> paths(@Nullable String list) {
        return words(list).stream()
                .filter(LibraryFolders::isFolder)
                .map(Path::of)
                .map(Path::toAbsolutePath)
                .toList();
    }

    private static List<Path> inside(@Nullable String folder, String inner) {
        return paths(folder).stream().map(outer -> outer.resolve(inner)).toList();
    }

    private static List<Path> inside(@Nullable String folder, List<String> patterns) {
        return paths(folder).stream()
                .flatMap(outer -> globs(outer, patterns).stream())
                .toList();
    }

    private static List<Path> globs(Path folder, List<String> patterns) {
        return patterns.stream()
                .flatMap(pattern -> tree(folder, pattern).stream())
                .toList();
    }

    /** What matches a pattern of several names, name by name. */
    private static List<Path> tree(Path folder, String pattern) {
        List<Path> level = List.of(folder);
        for (String name : pattern.split("/", -1)) {
            boolean isPlain = name.matches("[\\w.-]+");
            level = level.stream()
                    .flatMap(path -> isPlain ? Stream.of(path.resolve(name)) : glob(path, name).stream())
                    .filter(Files::exists)
                    .toList();
        }
        return level;
    }

    /** The entries of a folder that match, the highest version first. */
    private static List<Path> glob(Path folder, String pattern) {
        List<Path> entries = new ArrayList<>();
        try (DirectoryStream<Path> matching = Files.newDirectoryStream(folder, pattern)) {
            matching.forEach(entries::add);
        } catch (IOException | DirectoryIteratorException e) {
            return List.of();
        }
        Collections.sort(entries, Collections.reverseOrder());
        return entries;
    }
}
