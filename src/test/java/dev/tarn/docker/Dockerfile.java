package dev.tarn.docker;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * As much of a Dockerfile as Tarn's need: instructions with their flags, continued lines, comments, stages. Values of
 * {@code ARG} are not put in.
 *
 * @param path from the root of the repository
 */
record Dockerfile(Path path, List<Instruction> instructions) {

    static final Path FOLDER = Path.of("docker");

    /**
     * One instruction.
     *
     * @param stage how many {@code FROM} stand before it, itself included, less one
     * @param flags {@code --from=build} as it stands
     * @param rest all after the flags
     */
    record Instruction(int stage, String keyword, List<String> flags, String rest) {

        List<String> words() {
            return List.of(rest.split("\\s+", -1));
        }

        /** The words of {@code ["a", "b"]}; an exception if it is none. */
        List<String> array() {
            if (!rest.matches("\\[\"[^\"]*\"(, *\"[^\"]*\")*]")) {
                throw new IllegalStateException(keyword + " " + rest + " is no array");
            }
            return Arrays.stream(rest.substring(2, rest.length() - 2).split("\", *\"", -1))
                    .toList();
        }
    }

    /** A file or folder that an image takes from the repository or another stage. */
    record Copy(String stage, String source, String target) {}

    static Dockerfile read(String name) {
        Path path = FOLDER.resolve(name);
        List<Instruction> instructions = new ArrayList<>();
        StringBuilder line = new StringBuilder();
        int stage = -1;
        for (String text : lines(path)) {
            if (text.isBlank() || text.stripLeading().startsWith("#")) {
                continue;
            }
            boolean goesOn = text.endsWith("\\");
            line.append(goesOn ? text.substring(0, text.length() - 1) : text);
            if (goesOn) {
                continue;
            }
            Matcher matcher = Pattern.compile("(\\w+)\\s+((?:--\\S+\\s+)*)(.*)").matcher(line.toString());
            if (!matcher.matches()) {
                throw new IllegalStateException(path + ": " + line);
            }
            String keyword = matcher.group(1).toUpperCase(Locale.ROOT);
            stage += keyword.equals("FROM") ? 1 : 0;
            String flags = matcher.group(2).strip();
            instructions.add(new Instruction(
                    stage,
                    keyword,
                    flags.isEmpty() ? List.of() : List.of(flags.split("\\s+", -1)),
                    matcher.group(3).strip()));
            line.setLength(0);
        }
        return new Dockerfile(path, List.copyOf(instructions));
    }

    static List<String> lines(Path path) {
        try {
            return Files.readAllLines(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    List<Instruction> all(String keyword) {
        return instructions.stream()
                .filter(instruction -> instruction.keyword().equals(keyword))
                .toList();
    }

    /** The instructions of the image itself. */
    List<Instruction> last(String keyword) {
        int stage = instructions.get(instructions.size() - 1).stage();
        return all(keyword).stream()
                .filter(instruction -> instruction.stage() == stage)
                .toList();
    }

    /** The one that there is. */
    Instruction only(String keyword) {
        List<Instruction> found = last(keyword);
        if (found.size() != 1) {
            throw new IllegalStateException(path + " has " + found.size() + " " + keyword + " in its last stage");
        }
        return found.get(0);
    }

    /** Stages by name, or by number where they have none, to the images that they start from. */
    Map<String, String> stages() {
        Map<String, String> stages = new LinkedHashMap<>();
        for (Instruction from : all("FROM")) {
            List<String> words = from.words();
            stages.put(words.size() == 3 ? words.get(2) : String.valueOf(from.stage()), words.get(0));
        }
        return stages;
    }

    /** What a stage copies, one entry a source, with targets as full paths. */
    List<Copy> copies(int stage) {
        List<Copy> copies = new ArrayList<>();
        String folder = "/";
        for (Instruction instruction : instructions) {
            if (instruction.stage() != stage) {
                continue;
            }
            if (instruction.keyword().equals("WORKDIR")) {
                folder = instruction.rest();
            }
            if (!instruction.keyword().equals("COPY")) {
                continue;
            }
            String from = "";
            for (String flag : instruction.flags()) {
                if (!flag.startsWith("--from=")) {
                    throw new IllegalStateException("unknown flag of COPY: " + flag);
                }
                from = flag.substring("--from=".length());
            }
            List<String> words = instruction.words();
            String target = Path.of(folder, "x")
                    .resolveSibling(words.get(words.size() - 1))
                    .normalize()
                    .toString();
            boolean isFolder = words.get(words.size() - 1).endsWith("/");
            for (String source : words.subList(0, words.size() - 1)) {
                copies.add(new Copy(
                        from, source, isFolder ? target + "/" + Path.of(source).getFileName() : target));
            }
        }
        return copies;
    }

    /** The variables of the image itself. */
    Map<String, String> environment() {
        Map<String, String> environment = new LinkedHashMap<>();
        for (Instruction instruction : last("ENV")) {
            Matcher pair = Pattern.compile("(\\w+)=(?:\"([^\"]*)\"|(\\S+))").matcher(instruction.rest());
            while (pair.find()) {
                environment.put(pair.group(1), pair.group(2) == null ? pair.group(3) : pair.group(2));
            }
        }
        return environment;
    }

    /** The shell's line that the engine runs to see whether a container is well. */
    String healthcheck() {
        String rest = only("HEALTHCHECK").rest();
        if (!rest.startsWith("CMD ") || rest.startsWith("CMD [")) {
            throw new IllegalStateException("HEALTHCHECK " + rest);
        }
        return rest.substring("CMD ".length());
    }
}
