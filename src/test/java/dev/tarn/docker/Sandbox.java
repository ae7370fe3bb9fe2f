package dev.tarn.docker;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A container without an engine: the files that the last stage of a Dockerfile copies, under a root of its own that cannot
 * be written, with the Dockerfile's user, variables, folder and healthcheck, an empty {@code /tmp} from which nothing may
 * run, and no capabilities. The system's libraries and the JDK are those of this machine, so it says nothing about the base
 * images nor about what {@code RUN} does. Like a user that an image does not know, its user has no name and no home.
 */
final class Sandbox implements Box {

    private static final String ENTER = """
            set -eu
            root=$1 copied=$2 data=$3 java=$4 device=$5 user=$6; shift 6
            mount -t tmpfs -o mode=755 tmpfs "$root"
            cd "$root"
            mkdir -p usr etc proc dev tmp data opt/tarn opt/java/openjdk opt/device
            for link in bin sbin lib lib64; do ln -s usr/$link $link; done
            bind() { mount --bind "$1" "$2"; mount -o remount,bind,ro "$2"; }
            bind /usr usr
            bind /etc etc
            bind "$copied" opt/tarn
            bind "$java" opt/java/openjdk
            bind "$device" opt/device
            mount --rbind /dev dev
            mount --rbind /proc proc
            mount --bind "$data" data
            mount -t tmpfs -o mode=1777,noexec,nosuid,nodev tmpfs tmp
            mount -o remount,ro "$root"
            exec chroot . /usr/bin/setpriv --reuid="${user%:*}" --regid="${user#*:}" --clear-groups \\
                --bounding-set=-all --no-new-privs sh -c 'cd "$1"; shift; exec "$@"' sh "$@"
            """;

    private final Dockerfile dockerfile;
    private final Path folder;
    private final Path device;

    private Sandbox(Dockerfile dockerfile, Path folder, Path device) {
        this.dockerfile = dockerfile;
        this.folder = folder;
        this.device = device;
    }

    /** Skips a test, with the reason, where there can be none. */
    static void assumePossible() throws IOException, InterruptedException {
        boolean isPossible = System.getProperty("os.name").equals("Linux")
                && Stream.of("unshare", "setpriv", "chroot").allMatch(Sandbox::isInstalled)
                && run(List.of("unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/tmp"))
                                .code()
                        == 0;
        Skipped.unless(isPossible, "no root on Linux, who alone may make a root folder for an image without an engine");
    }

    private static boolean isInstalled(String program) {
        return Stream.of("/usr/bin", "/usr/sbin", "/bin", "/sbin")
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }

    /**
     * Copies what the image would have.
     *
     * @param device NVIDIA's libraries, or an empty folder
     */
    static Sandbox open(String name, Path device) throws IOException {
        Dockerfile dockerfile = Dockerfile.read(name);
        Path folder = Files.createTempDirectory("tarn-image");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        int stage = dockerfile.all("FROM").size() - 1;
        for (Dockerfile.Copy copy : dockerfile.copies(stage)) {
            if (copy.stage().equals("build")) {
                // The build stage works in /src, as Maven does here.
                Path source = Path.of("/src").relativize(Path.of(copy.source()));
                copy(
                        source,
                        folder.resolve("copied").resolve(Path.of("/opt/tarn").relativize(Path.of(copy.target()))));
            }
        }
        Files.createDirectories(folder.resolve("root"));
        Path data = Files.createDirectories(folder.resolve("data"));
        String[] user = dockerfile.only("USER").rest().split(":", -1);
        Files.setAttribute(data, "unix:uid", Integer.parseInt(user[0]));
        Files.setAttribute(data, "unix:gid", Integer.parseInt(user[1]));
        return new Sandbox(dockerfile, folder, device);
    }

    private static void copy(Path source, Path target) throws IOException {
        Files.createDirectories(target.resolveSibling(""));
        try (Stream<Path> files = Files.walk(source)) {
            for (Path file : files.toList()) {
                Files.copy(file, target.resolve(source.relativize(file).toString()));
            }
        }
    }

    @Override
    public Outcome exec(String... command) throws IOException, InterruptedException {
        List<String> whole = new ArrayList<>(List.of(
                "unshare",
                "--mount",
                "sh",
                "-c",
                ENTER,
                "sh",
                folder.resolve("root").toString(),
                folder.resolve("copied").toString(),
                folder.resolve("data").toString(),
                System.getProperty("java.home"),
                device.toAbsolutePath().toString(),
                dockerfile.only("USER").rest(),
                dockerfile.last("WORKDIR").get(0).rest(),
                "env",
                "-i",
                "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                // Where the container toolkit would put the driver, and the base image has the rest.
                "LD_LIBRARY_PATH=/opt/device"));
        for (Map.Entry<String, String> variable : dockerfile.environment().entrySet()) {
            whole.add(variable.getKey() + "=" + variable.getValue());
        }
        whole.addAll(List.of(command));
        return run(whole);
    }

    @Override
    public Outcome start(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(dockerfile.only("ENTRYPOINT").array());
        command.addAll(List.of(arguments));
        return exec(command.toArray(String[]::new));
    }

    @Override
    public boolean isHealthy() throws IOException, InterruptedException {
        return exec("/bin/sh", "-c", dockerfile.healthcheck()).code() == 0;
    }

    @Override
    public void close() throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private static Outcome run(List<String> command) throws IOException, InterruptedException {
        Path err = Files.createTempFile("tarn", ".err");
        try {
            Process process =
                    new ProcessBuilder(command).redirectError(err.toFile()).start();
            process.getOutputStream().close();
            String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return new Outcome(process.waitFor(), out, Files.readString(err));
        } finally {
            Files.delete(err);
        }
    }
}
