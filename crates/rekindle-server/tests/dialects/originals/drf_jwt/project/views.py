import jwt
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_jwt.authentication import JSONWebTokenAuthentication


class Protected(APIView):
    permission_classes = [IsAuthenticated]

    def get(self, request):
        claims = JSONWebTokenAuthentication.jwt_decode_token(request.auth)
        return Response({"user": request.user.username, "claims": claims})


class Decoded(APIView):
    """What the library's own decoder makes of a token."""

    authentication_classes = []

    def post(self, request):
        try:
            return Response(JSONWebTokenAuthentication.jwt_decode_token(request.data["token"]))
        except jwt.InvalidTokenError as error:
            return Response({"error": str(error)}, status=400)
