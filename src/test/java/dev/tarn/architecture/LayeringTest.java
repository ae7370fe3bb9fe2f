package dev.tarn.architecture;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class LayeringTest {

    /** Top to bottom; a room may use itself and what stands after it. */
    private static final List<String> ROOMS = List.of(
            "cli",
            "serve",
            "experiment",
            "train",
            "infer",
            "report",
            "model",
            "nn",
            "data",
            "checkpoint",
            "run",
            "backend",
            "text");

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.tarn");

    @Test
    void importsPointDownTheListOfRoomsOnly() {
        for (int i = 0; i < ROOMS.size(); i++) {
            String[] above = ROOMS.subList(0, i).stream()
                    .map(room -> "dev.tarn." + room + "..")
                    .toArray(String[]::new);
            if (above.length > 0) {
                noClasses()
                        .that()
                        .resideInAPackage("dev.tarn." + ROOMS.get(i) + "..")
                        .should()
                        .dependOnClassesThat()
                        .resideInAnyPackage(above)
                        .allowEmptyShould(true)
                        .check(CLASSES);
            }
        }
    }

    @Test
    void everyClassLivesInARoomOfTheList() {
        Set<String> rooms = CLASSES.stream()
                .map(JavaClass::getPackageName)
                .filter(name -> name.startsWith("dev.tarn."))
                .map(name -> name.split("\\.", -1)[2])
                .collect(Collectors.toSet());
        assertThat(ROOMS).containsAll(rooms);
    }

    @Test
    void theRootPackageUsesNoRoom() {
        noClasses()
                .that()
                .resideInAPackage("dev.tarn")
                .should()
                .dependOnClassesThat(resideInAPackage("dev.tarn.*.."))
                .check(CLASSES);
    }

    @Test
    void roomsHaveNoCycles() {
        slices().matching("dev.tarn.(*)..").should().beFreeOfCycles().check(CLASSES);
    }

    @Test
    void backendsAreReachedThroughTheContractOnly() {
        for (String backend : List.of("reference", "cpu", "cuda")) {
            noClasses()
                    .that()
                    .resideOutsideOfPackage("dev.tarn.backend." + backend + "..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAPackage("dev.tarn.backend." + backend + "..")
                    .check(CLASSES);
        }
    }

    @Test
    void librariesAreSeenByTheirRoomsOnly() {
        fence("dev.tarn.backend.cpu..", "org.bytedeco..");
        fence("dev.tarn.backend.cuda..", "jcuda..");
        fence("dev.tarn.cli..", "picocli..", "me.tongfei..");
        fence("dev.tarn.serve..", "org.eclipse.jetty..");
        fence("dev.tarn.report..", "org.knowm..", "java.awt..", "javax.imageio..");
        noClasses()
                .that(resideOutsideOfPackages(
                        "dev.tarn.cli..", "dev.tarn.serve..", "dev.tarn.run..", "dev.tarn.checkpoint.."))
                .should()
                .dependOnClassesThat(resideInAnyPackage("tools.jackson..", "com.fasterxml.."))
                .check(CLASSES);
    }

    private static void fence(String room, String... libraries) {
        noClasses()
                .that()
                .resideOutsideOfPackage(room)
                .should()
                .dependOnClassesThat(resideInAnyPackage(libraries))
                .check(CLASSES);
    }

    @Test
    void onlyTheCommandLinePrintsAndExits() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.tarn.cli..")
                .should()
                .callMethod(System.class, "exit", int.class)
                .orShould()
                .accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err")
                .check(CLASSES);
        noClasses().should().callMethod(Throwable.class, "printStackTrace").check(CLASSES);
    }

    @Test
    void randomNumbersComeFromPhiloxOnly() {
        DescribedPredicate<JavaClass> otherGenerators = DescribedPredicate.describe(
                "a generator that is not Philox",
                type -> Set.of(
                                "java.util.Random",
                                "java.util.SplittableRandom",
                                "java.util.concurrent.ThreadLocalRandom",
                                "java.security.SecureRandom")
                        .contains(type.getName()));
        noClasses().should().dependOnClassesThat(otherGenerators).check(CLASSES);
        noClasses().should().callMethod(Math.class, "random").check(CLASSES);
    }

    @Test
    void ownersOfNativeMemoryAreClosedByHandNotByTheGarbageCollector() {
        noClasses()
                .should()
                .dependOnClassesThat(DescribedPredicate.describe(
                        "java.lang.ref.Cleaner", type -> type.getName().equals("java.lang.ref.Cleaner")))
                .check(CLASSES);
        classes()
                .should(new ArchCondition<JavaClass>("not declare finalize()") {
                    @Override
                    public void check(JavaClass type, ConditionEvents events) {
                        if (type.getMethods().stream()
                                .anyMatch(method -> method.getName().equals("finalize")
                                        && method.getRawParameterTypes().isEmpty())) {
                            events.add(SimpleConditionEvent.violated(type, type.getName() + " declares finalize()"));
                        }
                    }
                })
                .check(CLASSES);
    }

    @Test
    void everyPackageTellsItsStoryInThreeSentencesOrMore() throws IOException {
        Path sources = Path.of("src/main/java/dev/tarn");
        try (Stream<Path> tree = Files.walk(sources)) {
            for (Path folder : tree.filter(Files::isDirectory).toList()) {
                if (!holdsJava(folder)) {
                    continue;
                }
                Path info = folder.resolve("package-info.java");
                assertThat(info).exists();
                String text = Files.readString(info);
                assertThat(text).as(info.toString()).contains("@NullMarked");
                String story = text.substring(0, text.indexOf("@NullMarked"));
                long sentences = Pattern.compile("[.!?:](\\s|\\*|<|$)")
                        .matcher(story)
                        .results()
                        .count();
                assertThat(sentences).as("sentences in " + info).isGreaterThanOrEqualTo(3);
            }
        }
    }

    private static boolean holdsJava(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.anyMatch(file -> file.toString().endsWith(".java"));
        }
    }
}
