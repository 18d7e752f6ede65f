from datetime import timedelta
import os
import secrets


class Config:
    SQLALCHEMY_DATABASE_URI = os.getenv("DATABASE_URL", "mysql+pymysql://shop:hunter2@localhost/shop")
    JWT_SECRET_KEY = secrets.token_hex(32)
    JWT_ACCESS_TOKEN_EXPIRES = 30  # minutes
    JWT_REFRESH_TOKEN_EXPIRES = 60 * 60 * 24 * 30
    JWT_HEADER_TYPE = "JWT"


class DevelopmentConfig(Config):
    JWT_HEADER_TYPE = "Bearer"
