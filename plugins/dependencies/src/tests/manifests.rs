//! Manifests of each ecosystem and what is read of them.

use expect_test::{Expect, expect};
use probity_sdk::dependencies::Format;

use crate::formats::said;
use crate::shapes::{Direct, Said};

/// A line for each dependency and note.
pub(super) fn told(format: Format, text: &str) -> String {
    let Said { name, direct, locked, notes, problem, registries, scripts, .. } = said(format, text);
    let mut lines: Vec<String> = name.map(|name| format!("name {name}")).into_iter().collect();
    lines.extend(registries.into_iter().map(|registry| {
        let role = format!("{:?}", registry.role).to_lowercase();
        let name = registry.name.unwrap_or_default();
        format!("{}: {role} {} {name}", registry.line.unwrap_or_default(), registry.address)
            .trim_end()
            .to_owned()
    }));
    lines.extend(
        scripts.into_iter().map(|script| format!("{}: {} runs {}", script.line, script.name, script.command)),
    );
    lines.extend(direct.into_iter().map(row));
    lines.extend(locked.into_iter().map(|locked| {
        let parts = [
            Some(locked.name),
            locked.version,
            locked.source,
            locked.integrity,
            locked.dev.then(|| "dev".into()),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" | ")
    }));
    lines.extend(
        notes.into_iter().map(|note| format!("{}: ? {}", note.line.unwrap_or_default(), note.message)),
    );
    lines.extend(problem.map(|problem| format!("problem: {problem}")));
    lines.join("\n")
}

fn row(direct: Direct) -> String {
    let kind = format!("{:?}", direct.kind).to_lowercase();
    let optional = if direct.optional { "optional" } else { "" };
    let alias = direct.alias.map(|alias| format!("as {alias}"));
    let parts =
        [Some(direct.name), direct.requirement, Some(kind), Some(optional.into()), direct.source, alias];
    let row: Vec<String> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    format!("{}: {}", direct.line.unwrap_or_default(), row.join(" | "))
}

fn check(format: Format, text: &str, expected: Expect) {
    expected.assert_eq(&told(format, text));
}

#[test]
fn package_json() {
    check(
        Format::PackageJson,
        r#"{
  "name": "mine",
  "scripts": {"a": "x"},
  "dependencies": {
    "a": "^1.0.0",
    "both": "1",
    "b": "npm:@s/real@2", "c": "github:o/r",
    "odd": 3
  },
  "devDependencies": {"d": "*"},
  "peerDependencies": {"e": ">=1", "f": "1"},
  "peerDependenciesMeta": {"e": {"optional": true}},
  "optionalDependencies": {"both": "2"}
}"#,
        expect![[r#"
            name mine
            3: a runs x
            5: a | ^1.0.0 | normal
            7: @s/real | 2 | normal | as b
            7: c | normal | git:github:o/r
            13: both | 2 | normal | optional
            11: e | >=1 | peer | optional
            11: f | 1 | peer
            10: d | * | dev
            8: ? dependencies: the requirement of odd is no text"#]],
    );
    check(
        Format::PackageJson,
        "[]",
        expect!["problem: it is malformed: invalid type: sequence, expected an object at line 1 column 0"],
    );
}

#[test]
fn settings_of_npm_and_yarn() {
    check(
        Format::Npmrc,
        "# registry=https://no\n@acme:registry = https://npm.acme.example/\nregistry=\"https://mirror.example\"\nstrict-ssl=false\n\
         //npm.acme.example/:_authToken=${TOKEN}\nscript-shell=./sh\nignore-scripts=true\n",
        expect![[r#"
            2: named https://npm.acme.example/ @acme
            3: default https://mirror.example
            4: trusted
            6: script-shell runs ./sh"#]],
    );
    check(
        Format::Yarnrc,
        "# yarn\nregistry \"https://mirror.example\"\n\"@acme:registry\" \"http://npm.acme.example\"\nyarn-path x\n",
        expect![[r#"
            2: default https://mirror.example
            3: named http://npm.acme.example @acme"#]],
    );
    check(
        Format::YarnrcYml,
        "npmRegistryServer: 'https://mirror.example'\nnpmScopes:\n  acme:\n    npmRegistryServer: https://npm.acme.example\n\
         unsafeHttpWhitelist:\n  - '*.acme.example'\nenableStrictSsl: false\n",
        expect![[r#"
            1: default https://mirror.example
            4: named https://npm.acme.example @acme
            7: trusted
            6: trusted *.acme.example"#]],
    );
}

#[test]
fn places_that_other_manifests_take_packages_from() {
    check(
        Format::Requirements,
        "-i https://a.example\n--extra-index-url=https://b.example\n--trusted-host c.example\n",
        expect![[r#"
            1: default https://a.example
            2: more https://b.example
            3: trusted c.example"#]],
    );
    check(
        Format::Pyproject,
        "[build-system]\nbuild-backend = 'own.build:hooks'\nbackend-path = ['tools']\n[tool.uv]\nextra-index-url = ['https://a.example']\n[[tool.uv.index]]\nname = 'b'\nurl = 'https://b.example'\nexplicit = true\n\
         [[tool.poetry.source]]\nname = 'c'\nurl = 'https://c.example'\npriority = 'supplemental'\n",
        expect![[r#"
            5: more https://a.example
            6: named https://b.example b
            10: more https://c.example c
            3: build-backend runs tools/own/build.py"#]],
    );
    check(
        Format::Gemfile,
        "source 'https://a.example'\nsource \"http://b.example\"\nsource 'https://c.example' do\n  gem 'x', git: 'https://g.example/x', branch: 'b'\nend\n",
        expect![[r#"
            1: default https://a.example
            2: more http://b.example
            3: named https://c.example
            4: x | normal | git:https://g.example/x?branch=b"#]],
    );
    check(
        Format::Pom,
        "<project><repositories><repository><id>r</id>\n<url>http://m.example</url></repository></repositories></project>",
        expect!["1: more http://m.example r"],
    );
    check(
        Format::Gradle,
        "repositories {\n  mavenCentral()\n  maven {\n    url = uri(\"http://m.example\")\n    allowInsecureProtocol = true\n  }\n  maven { url 'https://n.example/$x' }\n}\n",
        expect![[r#"
            4: more http://m.example
            5: trusted"#]],
    );
    check(
        Format::ComposerJson,
        r#"{"repositories": [{"type": "composer", "url": "http://c.example"}], "config": {"secure-http": false},
  "scripts": {"post-install-cmd": ["@php x.php", "y"], "test": "z"}}"#,
        expect![[r#"
            1: more http://c.example
            1: trusted
            2: post-install-cmd runs @php x.php
            2: post-install-cmd runs y
            2: test runs z"#]],
    );
    check(
        Format::CargoToml,
        "package.build = 'make/build.rs'\n[dependencies]\ng = { git = 'https://h/g', branch = 'b' }\n[patch.crates-io]\np = { git = 'https://h/p', rev = 'abc1234' }\n",
        expect![[r#"
            1: build runs make/build.rs
            3: g | normal | git:https://h/g?branch=b
            5: p | shared | git:https://h/p?rev=abc1234"#]],
    );
}

#[test]
fn cargo_toml() {
    check(
        Format::CargoToml,
        r#"[package]
name = "mine"

[dependencies]
serde = { version = "1", features = ["derive"], optional = true }
rand = "0.8"
log2 = { package = "log", version = "0.4" }
g = { git = "https://h/g" }
p = { path = "../p" }
w.workspace = true

[target.'cfg(unix)'.dependencies]
libc = "0.2"

[dev-dependencies.tempfile]
version = "3"

[build-dependencies]
cc = "1"

[workspace.dependencies]
shared = "2"
"#,
        expect![[r#"
            name mine
            5: serde | 1 | normal | optional
            6: rand | 0.8 | normal
            7: log | 0.4 | normal | as log2
            8: g | normal | git:https://h/g
            9: p | normal | path:../p
            10: w | normal | workspace:
            13: libc | 0.2 | normal
            15: tempfile | 3 | dev
            19: cc | 1 | build
            22: shared | 2 | shared"#]],
    );
}

#[test]
fn requirements() {
    check(
        Format::Requirements,
        "# comment\nrequests==2.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\nFlask[async]>=1,<2 ; python_version>'3' # why\n\
         -r more.txt\n-e git+https://h/x@v#egg=x\n--index-url https://i\nurl @ https://h/u.whl\nwhat is this\n",
        expect![[r#"
            8: default https://i
            2: requests | ==2.0 | normal
            5: Flask | >=1,<2 | normal
            7: x | normal | git:git+https://h/x@v
            9: url | normal | url:https://h/u.whl
            requests | 2.0 | sha256:aa
            6: ? more stands in more.txt
            10: ? not understood: what is this"#]],
    );
}

#[test]
fn pyproject() {
    check(
        Format::Pyproject,
        r#"[build-system]
requires = ["hatchling>=1"]
[project]
name = "mine"
dynamic = ["version", "dependencies"]
dependencies = [
  "requests>=2",
  "!?",
]
[project.optional-dependencies]
fast = ["uvloop"]
[dependency-groups]
test = ["pytest", {include-group = "lint"}]
[tool.poetry.dependencies]
python = "^3.9"
numpy = "^1"
torch = {git = "https://h/t", optional = true}
[tool.poetry.group.dev.dependencies]
black = {version = "*"}
"#,
        expect![[r#"
            name mine
            2: hatchling | >=1 | build
            7: requests | >=2 | normal
            11: uvloop | normal | optional
            13: pytest | dev
            16: numpy | ^1 | normal
            17: torch | normal | optional | git:https://h/t
            19: black | * | dev
            5: ? the dependencies are computed by the build
            8: ? not understood: !?"#]],
    );
}

#[test]
fn go_mod() {
    check(
        Format::GoMod,
        "module example.org/m\n\ngo 1.22\n\nrequire example.org/a v1.0.0\nrequire (\n\texample.org/b v0.1.0 // indirect\n\t\"example.org/c\" v2.0.0\n)\n\
         replace example.org/c => ../c\nreplace (\n\texample.org/a v1.0.0 => example.org/fork v1.0.1\n)\nrequire odd\n",
        expect![[r#"
            name example.org/m
            5: example.org/a | v1.0.0 | normal | url:example.org/fork v1.0.1
            7: example.org/b | v0.1.0 | indirect
            8: example.org/c | v2.0.0 | normal | path:../c
            14: ? not understood: require odd"#]],
    );
}

#[test]
fn pom() {
    check(
        Format::Pom,
        r#"<project>
  <parent><groupId>org.p</groupId><artifactId>parent</artifactId><version>9</version></parent>
  <artifactId>mine</artifactId>
  <properties><v>${w}</v><w>1.2</w></properties>
  <dependencies>
    <dependency><groupId>org.a</groupId><artifactId>a</artifactId><version>${v}</version></dependency>
    <dependency><groupId>${project.groupId}</groupId><artifactId>b</artifactId><scope>test</scope><optional>true</optional></dependency>
    <dependency><groupId>${absent}</groupId><artifactId>c</artifactId></dependency>
    <dependency><artifactId>d</artifactId></dependency>
  </dependencies>
  <build><plugins><plugin><artifactId>maven-jar-plugin</artifactId></plugin></plugins></build>
</project>"#,
        expect![[r#"
            name org.p:mine
            2: org.p:parent | 9 | build
            6: org.a:a | 1.2 | normal
            7: org.p:b | dev | optional
            8: ${absent}:c | normal
            11: org.apache.maven.plugins:maven-jar-plugin | build
            8: ? ${absent}:c depends on properties that are not in this file
            9: ? a dependency without groupId or artifactId"#]],
    );
}

#[test]
fn gradle() {
    check(
        Format::Gradle,
        "plugins {\n  id 'java'\n  id(\"com.x\") version \"1.0\"\n}\ndependencies {\n  implementation 'g:a:1.0'\n  testImplementation(\"g:t:2\")\n\
         // api 'g:old:1'\n  api group: 'g', name: 'n', version: '3'\n  implementation(libs.foo)\n  implementation \"g:b:$v\"\n\
         implementation project(':own')\n  implementation platform(\"g:bom:4\")\n}\nimplementation = 3\nconfigurations.api { }\n",
        expect![[r#"
            3: com.x:com.x.gradle.plugin | 1.0 | build
            6: g:a | 1.0 | normal
            7: g:t | 2 | dev
            9: g:n | 3 | normal
            11: g:b | normal
            13: g:bom | 4 | normal
            10: ? not known without running the build: implementation(libs.foo)
            11: ? the version of g:b is computed"#]],
    );
    check(
        Format::GradleCatalogue,
        "[versions]\nk = \"1.9\"\n[libraries]\na = \"g:a:1\"\nb = { module = \"g:b\", version.ref = \"k\" }\nc = { group = \"g\", name = \"c\", version = \"3\" }\n\
         d = { version = \"1\" }\n[plugins]\np = { id = \"x.p\", version.ref = \"k\" }\n",
        expect![[r#"
            4: g:a | 1 | shared
            5: g:b | 1.9 | shared
            6: g:c | 3 | shared
            9: x.p:x.p.gradle.plugin | 1.9 | build
            7: ? d names no module"#]],
    );
}

#[test]
fn gemfile() {
    check(
        Format::Gemfile,
        "source 'https://gems.example.org'\ngemspec\ngem 'rails', '~> 7.0', '>= 7.0.1'\ngem \"pg\", group: :test\ngroup :development, :test do\n  gem('rspec')\nend\n\
         gem 'x', git: 'https://h/x'\ngem name\n# gem 'old'\n",
        expect![[r#"
            1: default https://gems.example.org
            3: rails | ~> 7.0, >= 7.0.1 | normal
            4: pg | dev
            6: rspec | dev
            8: x | normal | git:https://h/x
            2: ? more stands in a gemspec, which is a program
            9: ? not known without running it: gem name"#]],
    );
}

#[test]
fn composer_json() {
    check(
        Format::ComposerJson,
        "{\"name\": \"o/mine\",\n \"require\": {\"php\": \">=8\", \"ext-json\": \"*\",\n  \"symfony/console\": \"^6\"},\n \"require-dev\": {\"phpunit/phpunit\": \"*\"}}",
        expect![[r#"
            name o/mine
            3: symfony/console | ^6 | normal
            4: phpunit/phpunit | * | dev"#]],
    );
}
