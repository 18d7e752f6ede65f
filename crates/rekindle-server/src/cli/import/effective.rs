//! Commands for the application's own folder. They show the settings that it has in effect as JSON, and no secret: only how
//! long it is.

use super::Package;

pub(super) const INTRODUCTION: &str =
    "# In the application's folder and environment. It shows settings and no secret, and changes nothing:";

/// The command whose output `rekindle import PACKAGE -` reads.
pub(super) fn command(package: Package) -> String {
    let shown = match package {
        Package::SimpleJwt => django("rest_framework_simplejwt", "SIMPLE_JWT", SIMPLE_JWT_FACTS),
        Package::DrfJwt => django("rest_framework_jwt", "JWT_AUTH", DRF_JWT_FACTS),
        Package::Flask => format!("python -c '{PYTHON}{FLASK}'"),
        Package::Laravel => format!("php artisan tinker --execute='{LARAVEL}'"),
    };
    format!("{shown} | rekindle import {} -", package.word())
}

/// The command that writes the key that tokens are signed with into `file`, and shows it to nobody.
pub(super) fn write_key(package: Package, symmetric: bool, file: &str) -> String {
    // One of several is the first: that is what drf-jwt signs with.
    let django = |module: &str, key: &str| {
        format!(
            "python manage.py shell -v 0 -c 'from {module}.settings import api_settings as s; k = s.{key}; \
             print([*k.values()][0] if isinstance(k, dict) else k[0] if isinstance(k, (list, tuple)) else k, end=\"\")'"
        )
    };
    let command = match (package, symmetric) {
        (Package::SimpleJwt, _) => django("rest_framework_simplejwt", "SIGNING_KEY"),
        (Package::DrfJwt, true) => django("rest_framework_jwt", "JWT_SECRET_KEY"),
        (Package::DrfJwt, false) => django("rest_framework_jwt", "JWT_PRIVATE_KEY"),
        (Package::Flask, _) => {
            let key = if symmetric {
                "a.config[\"JWT_SECRET_KEY\"] or a.config[\"SECRET_KEY\"]"
            } else {
                "a.config[\"JWT_PRIVATE_KEY\"]"
            };
            format!("python -c '{FLASK_APP}print({key}, end=\"\")'")
        }
        (Package::Laravel, true) => "php artisan tinker --execute='echo config(\"jwt.secret\");'".to_owned(),
        (Package::Laravel, false) => {
            "php artisan tinker --execute='echo file_get_contents(config(\"jwt.keys.private\"));'".to_owned()
        }
    };
    format!("(umask 077; {command} > {file})")
}

/// `h`: of a secret, how long it is. `j`: what JSON has no word for.
const PYTHON: &str = "import json; \
    h = lambda v: None if v is None else {\"several\": len(v)} if isinstance(v, (list, tuple, dict)) else \
    {\"bytes\": len(v if isinstance(v, bytes) else str(v).encode()), \"pem\": \"-----BEGIN\" in str(v)}; \
    j = lambda v: {\"seconds\": v.total_seconds()} if hasattr(v, \"total_seconds\") else \
    sorted(v) if isinstance(v, (set, frozenset)) else \
    {\"name\": \".\".join([getattr(v, \"__module__\", None) or type(v).__module__, getattr(v, \"__qualname__\", type(v).__qualname__)])}; ";

const SIMPLE_JWT_FACTS: &str = "\"TOKEN_BLACKLIST\": apps.is_installed(\"rest_framework_simplejwt.token_blacklist\"), \
    \"VERSION\": version(\"djangorestframework-simplejwt\")";

const DRF_JWT_FACTS: &str = "\"BLACKLIST\": apps.is_installed(\"rest_framework_jwt.blacklist\"), \
    \"STYRIA\": any(d.metadata[\"Name\"].lower() == \"drf-jwt\" for d in distributions())";

fn django(module: &str, dictionary: &str, facts: &str) -> String {
    format!(
        "python manage.py shell -v 0 -c '{PYTHON}\
         from importlib.metadata import distributions, version; from django.apps import apps; \
         from django.conf import settings as c; from django.contrib.auth import get_user_model; \
         from {module}.settings import DEFAULTS as o; u = get_user_model(); \
         s = {{**o, **(getattr(c, \"{dictionary}\", None) or {{}})}}; \
         print(json.dumps({{\"settings\": {{k: None if k not in o else h(v) if k.endswith(\"_KEY\") else v \
         for k, v in s.items()}}, \"facts\": {{\"USERNAME_FIELD\": u.USERNAME_FIELD, \"USER_TABLE\": u._meta.db_table, \
         \"DATABASE\": c.DATABASES[\"default\"][\"ENGINE\"], {facts}}}}}, default=j))'"
    )
}

const FLASK_APP: &str = "import os; from flask.cli import ScriptInfo; \
    a = ScriptInfo(app_import_path=os.environ.get(\"FLASK_APP\")).load_app(); ";

/// Flask-JWT-Extended puts its defaults into the configuration, so all of it is there.
const FLASK: &str = "import os; from flask.cli import ScriptInfo; \
    a = ScriptInfo(app_import_path=os.environ.get(\"FLASK_APP\")).load_app(); \
    s = (\"SECRET_KEY\", \"JWT_SECRET_KEY\", \"JWT_PRIVATE_KEY\", \"JWT_PUBLIC_KEY\"); \
    f = [f for l in a.after_request_funcs.values() for f in l]; \
    print(json.dumps({\"settings\": {k: h(v) if k in s else v for k, v in a.config.items() if k in s or k.startswith(\"JWT_\")}, \
    \"facts\": {\"DATABASE\": str(a.config.get(\"SQLALCHEMY_DATABASE_URI\")).split(\":\")[0], \
    \"BLOCKLIST\": a.extensions[\"flask-jwt-extended\"]._token_in_blocklist_callback.__module__ != \"flask_jwt_extended.default_callbacks\", \
    \"RENEWS\": [f.__name__ for f in f if \"create_access_token\" in getattr(f, \"__code__\", h).co_names]}}, default=j))";

const LARAVEL: &str = "$c = config(\"jwt\"); $k = $c[\"keys\"][\"private\"] ?? null; unset($c[\"keys\"]); \
    $c[\"secret\"] = [\"bytes\" => strlen((string) ($c[\"secret\"] ?? \"\"))]; \
    $c[\"private_key\"] = $k ? [\"bytes\" => strlen((string) $k), \"pem\" => true] : null; \
    $m = config(\"auth.providers.users.model\"); $d = config(\"database.default\"); \
    echo json_encode([\"settings\" => $c, \"facts\" => [\"USER_MODEL\" => $m, \"USER_TABLE\" => $m ? app($m)->getTable() : null, \
    \"DATABASE\" => config(\"database.connections.$d.driver\"), \
    \"CACHE\" => config(\"cache.default\"), \"CACHE_PREFIX\" => config(\"cache.prefix\")]]);";
