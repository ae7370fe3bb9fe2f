package dev.tarn.backend.cuda;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The PTX in the resources, and the sources that it is made of. */
final class ShippedPtx {

    static final Path SOURCES = Path.of("kernels");
    static final Path FOLDER = Path.of("src/main/resources/dev/tarn/backend/cuda/kernels");

    private ShippedPtx() {}

    /** Every module by its name. */
    static Map<String, String> modules() throws IOException {
        Map<String, String> modules = new TreeMap<>();
        for (Path file : files(FOLDER, ".ptx")) {
            modules.put(name(file, ".ptx"), Files.readString(file));
        }
        return modules;
    }

    /** The files of a folder with this ending, sorted. */
    static List<Path> files(Path folder, String ending) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(ending))
                    .sorted()
                    .toList();
        }
    }

    static String name(Path file, String ending) {
        String name = file.getFileName().toString();
        return name.substring(0, name.length() - ending.length());
    }
}
