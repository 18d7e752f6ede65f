//! The forms in which people write settings; and that what cannot be read is said, never guessed.

use serde_json::Value;

use crate::import::{imported, named};

fn simplejwt(text: &str) -> Value {
    imported("simplejwt", "settings.py", text).1
}

/// What `written` in the place of a lifetime comes to.
fn lifetime(written: &str) -> Result<String, String> {
    let text = format!(
        "import datetime as dt\nMINUTES = 30\nclass Base:\n    DAYS = 2\n\nSIMPLE_JWT = {{\n  'SLIDING_TOKEN_REFRESH_LIFETIME': {written},\n}}\n"
    );
    let report = simplejwt(&text);
    match &report["settings"]["dialects"]["simplejwt"]["SLIDING_TOKEN_REFRESH_LIFETIME"] {
        Value::String(span) => Ok(span.clone()),
        _ => {
            let remark =
                report["not_read"].as_array().unwrap().iter().find(|remark| remark["line"] == 7).cloned();
            Err(remark.unwrap_or_else(|| panic!("{written}: {report}"))["text"].as_str().unwrap().to_owned())
        }
    }
}

#[test]
fn python_as_people_write_it() {
    for (written, span) in [
        ("timedelta(days=7)", "7d"),
        ("datetime.timedelta(days=7)", "7d"),
        ("dt.timedelta(hours=36)", "36h"),
        ("timedelta(7)", "7d"),
        ("timedelta(0, 90)", "90s"),
        ("timedelta(weeks=2, hours=12)", "348h"),
        ("timedelta(minutes=MINUTES)", "30m"),
        ("timedelta(days=Base.DAYS)", "2d"),
        ("timedelta(minutes=60 * 24 * 3)", "3d"),
        ("timedelta(seconds=60 * 60)", "1h"),
        ("timedelta(hours=0.5)", "30m"),
        ("timedelta(minutes=1_000)", "1000m"),
        ("timedelta(days=1) * 14", "14d"),
        ("7 * timedelta(days=1)", "7d"),
        ("timedelta(days=1) + timedelta(hours=1)", "25h"),
        ("(timedelta(days=7))", "7d"),
        ("timedelta(\n    days=7,  # a week\n  )", "7d"),
        ("timedelta(days=int('7'))", "7d"),
        ("timedelta(days=2 ** 3)", "8d"),
        ("timedelta(days=-(-3))", "3d"),
    ] {
        assert_eq!(lifetime(written).as_deref(), Ok(span), "{written}");
    }
}

#[test]
fn what_cannot_be_read_is_said_with_its_line() {
    for (written, why) in [
        ("timedelta(days=DAYS)", "DAYS"),
        ("timedelta(days=settings.DAYS)", "settings.DAYS"),
        ("WEEK", "`WEEK`, which is not in this file"),
        ("relativedelta(months=1)", "no fixed length"),
        ("timedelta(days=7) if DEBUG else timedelta(days=1)", "depends on a condition"),
        ("timedelta(months=1)", "timedelta has no `months`"),
        ("parse('7 days')", "what `parse(…)` gives"),
        ("'7 days'", "a text, not a span of time"),
        ("timedelta(milliseconds=1500)", "fraction of a second"),
        ("timedelta(days=-1)", "negative"),
        ("timedelta(days=99999)", "longer than a hundred years"),
        ("timedelta(days=[7 for _ in x][0])", "code"),
        ("(lambda: timedelta(days=7))()", "code"),
        ("timedelta(days=float('inf'))", "no number"),
        ("timedelta(days=os.environ['DAYS'])", "comes from the environment: DAYS"),
        ("timedelta(days=int(os.getenv('DAYS')))", "comes from the environment: DAYS"),
        (
            "timedelta(days=int(os.getenv('DAYS', 7)))",
            "comes from the environment: DAYS; without it, it is \"7d\"",
        ),
        (
            "timedelta(days=config('DAYS', default=7, cast=int))",
            "environment: DAYS; without it, it is \"7d\"",
        ),
        ("timedelta(days=env.int('DAYS', default=7))", "environment: DAYS; without it, it is \"7d\""),
        ("timedelta(days=int(os.getenv('DAYS') or 7))", "environment: DAYS; without it, it is \"7d\""),
        ("timedelta(days=os.getenv('DAYS', '7'))", "a timedelta of a text"),
    ] {
        let said = lifetime(written).unwrap_err();
        assert!(said.contains(why), "{written}: {said}");
    }
}

/// A value that only the environment decides waits as a comment.
#[test]
fn what_the_environment_decides_is_proposed() {
    let text =
        "SIMPLE_JWT = {'ACCESS_TOKEN_LIFETIME': timedelta(minutes=int(os.environ.get('MINUTES', 20)))}\n";
    let report = simplejwt(text);
    assert_eq!(report["proposed"]["ACCESS_TOKEN_LIFETIME"], "20m");
    assert!(report["settings"]["dialects"]["simplejwt"].get("ACCESS_TOKEN_LIFETIME").is_none());

    // Beside a .env it is known.
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("settings.py"), text).unwrap();
    let minutes = |env: &str| {
        std::fs::write(folder.path().join(".env"), env).unwrap();
        crate::printed(folder.path(), &["import", "simplejwt", "settings.py"])
    };
    assert!(minutes("MINUTES=45").contains("\nACCESS_TOKEN_LIFETIME = \"45m\"  # MINUTES of .env\n"));
    assert!(minutes("OTHER=1").contains("\nACCESS_TOKEN_LIFETIME = \"20m\"  # MINUTES is not in .env\n"));
}

#[test]
fn settings_may_stand_in_several_pieces() {
    let settings = |text: &str| simplejwt(text)["settings"]["dialects"]["simplejwt"].clone();
    let update = "SIMPLE_JWT = {'LEEWAY': 1}\nSIMPLE_JWT['LEEWAY'] = 2\nSIMPLE_JWT.update({'ISSUER': 'i'}, AUDIENCE='a')\n";
    assert_eq!(settings(update)["LEEWAY"], "2s");
    assert_eq!((&settings(update)["ISSUER"], &settings(update)["AUDIENCE"]), (&"i".into(), &"a".into()));
    let spread = "BASE = {'LEEWAY': 5}\nSIMPLE_JWT = {**BASE, 'ISSUER': 'i'}\n";
    assert_eq!(settings(spread)["LEEWAY"], "5s");
    assert_eq!(settings("SIMPLE_JWT: dict = dict(LEEWAY=3)\n")["LEEWAY"], "3s");
    // The last one counts, and nothing of the first is left.
    assert_eq!(settings("SIMPLE_JWT = {'LEEWAY': 1}\nSIMPLE_JWT = {'ISSUER': 'i'}\n").get("LEEWAY"), None);

    let report = simplejwt("SIMPLE_JWT = {**BASE, 'LEEWAY': 5}\n");
    assert_eq!(named(&report, "not_read")[0], "…");
    let report = simplejwt("SIMPLE_JWT = make_settings()\n");
    assert_eq!(named(&report, "not_read")[0], "…");
}

#[test]
fn what_is_set_in_two_places_is_not_chosen_between() {
    let text = "SIMPLE_JWT = {'LEEWAY': 1}\nif DEBUG:\n    SIMPLE_JWT['LEEWAY'] = 9\n";
    let report = simplejwt(text);
    assert!(report["settings"]["dialects"]["simplejwt"].get("LEEWAY").is_none());
    let remark = &report["not_read"][0];
    assert_eq!((&remark["setting"], &remark["line"]), (&"LEEWAY".into(), &3.into()));
    assert!(remark["text"].as_str().unwrap().contains("line 1"), "{remark}");

    let classes = "class Config:\n    JWT_SECRET_KEY = 'x' * 40\n    JWT_ACCESS_TOKEN_EXPIRES = 60\n\nclass Production(Config):\n    \
                   JWT_ACCESS_TOKEN_EXPIRES = 120\n\n    JWT_ENCODE_ISSUER = 'i'\n";
    let report = imported("flask", "config.py", classes).1;
    assert_eq!(named(&report, "not_read"), ["JWT_ACCESS_TOKEN_EXPIRES"]);
    assert_eq!(report["settings"]["dialects"]["flask-jwt-extended"]["JWT_ENCODE_ISSUER"], "i");
}

#[test]
fn flask_as_people_write_it() {
    for text in [
        "app.config['JWT_DECODE_LEEWAY'] = 10",
        "app.config[\"JWT_DECODE_LEEWAY\"] = timedelta(seconds=10)",
        "def create_app():\n    app.config['JWT_DECODE_LEEWAY'] = 10",
        "app.config.update(JWT_DECODE_LEEWAY=10)",
        "app.config.update({'JWT_DECODE_LEEWAY': 10})",
        "app.config.from_mapping(SECRET_KEY='dev', JWT_DECODE_LEEWAY=10)",
        "class Config(object):\n    \"\"\"Settings.\"\"\"\n    JWT_DECODE_LEEWAY = 10",
        "class Config:\n    LEEWAY = 10\n    JWT_DECODE_LEEWAY = LEEWAY",
        "JWT_DECODE_LEEWAY = 10  # app.cfg",
        "current_app.config['JWT_DECODE_LEEWAY'] = Config.LEEWAY if 0 else 1\nclass Config:\n    LEEWAY = 10\n\
         app.config['JWT_DECODE_LEEWAY'] = Config.LEEWAY",
        "JWT_DECODE_LEEWAY = 5\napp.config['JWT_DECODE_LEEWAY'] = JWT_DECODE_LEEWAY * 2",
    ] {
        let report = imported("flask", "app.py", &format!("{text}\n")).1;
        let section = &report["settings"]["dialects"]["flask-jwt-extended"];
        assert_eq!(section["JWT_DECODE_LEEWAY"], "10s", "{text}: {report}");
    }
    let report =
        imported("flask", "app.py", "app.config.from_object('config.Config')\nJWT_DECODE_LEEWAY = 1\n").1;
    assert!(report["not_read"][0]["text"].as_str().unwrap().contains("from_object"), "{report}");
}

#[test]
fn laravel_as_people_write_it() {
    let ttl = |file: &str| {
        let report = imported("laravel", "jwt.php", file).1;
        let said = report["not_read"].as_array().unwrap().first().map(|remark| remark["text"].to_string());
        let ttl = &report["settings"]["dialects"]["tymon"]["ttl"];
        ttl.as_str().map(str::to_owned).ok_or(said.unwrap_or_default())
    };
    for (file, span) in [
        ("<?php\nreturn ['ttl' => 90];", "90m"),
        ("<?php return array('ttl' => 60 * 24,);", "1d"),
        ("<?php\n/* 'ttl' => 1 */\n// 'ttl' => 2\n# 'ttl' => 3\nreturn [\"ttl\" => (int) '30'];", "30m"),
        (
            "<?php\ndeclare(strict_types=1);\nuse A\\B;\n\nreturn ['ttl' => 15, 'x' => fn () => [1], 'y' => B::class];",
            "15m",
        ),
        ("<?php return ['app' => ['ttl' => 1], 'jwt' => ['secret' => null, 'ttl' => 45]];", "45m"),
        ("<?php $f = function () { return ['ttl' => 1]; }; return ['ttl' => 20];", "20m"),
    ] {
        assert_eq!(ttl(file).as_deref(), Ok(span), "{file}");
    }
    for (file, why) in [
        ("<?php return ['ttl' => env('JWT_TTL', 30)];", "comes from the environment: JWT_TTL"),
        ("<?php return ['ttl' => (int) env('JWT_TTL')];", "comes from the environment: JWT_TTL"),
        ("<?php return ['ttl' => env('JWT_TTL') ?? 30];", "comes from the environment: JWT_TTL"),
        ("<?php return ['ttl' => $minutes];", "`$minutes`"),
        ("<?php return ['ttl' => isset($a) ? 1 : 2];", "condition"),
        ("<?php return ['ttl' => config('x.ttl')];", "what `config(…)` gives"),
    ] {
        let said = ttl(file).unwrap_err();
        assert!(said.contains(why), "{file}: {said}");
    }
}
